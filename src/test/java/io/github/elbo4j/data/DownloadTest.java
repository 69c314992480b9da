package io.github.elbo4j.data;

import static io.github.elbo4j.data.DownloadProgress.NONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads of a known data set from servers on this machine. */
class DownloadTest {
  private static final Map<Part, byte[]> FILES = new EnumMap<>(Part.class);

  static {
    FILES.put(Part.TRAIN_IMAGES, IdxBytes.images(500, 20, 20, 1));
    FILES.put(Part.TRAIN_LABELS, IdxBytes.labels(500));
    FILES.put(Part.TEST_IMAGES, IdxBytes.images(30, 20, 20, 2));
    FILES.put(Part.TEST_LABELS, IdxBytes.labels(30));
  }

  /** What a server does with one request. */
  @FunctionalInterface
  interface Answer {
    void to(HttpExchange exchange, byte[] file) throws IOException, InterruptedException;
  }

  private static final Answer WHOLE =
      (exchange, file) -> {
        exchange.sendResponseHeaders(200, file.length);
        exchange.getResponseBody().write(file);
      };

  @TempDir Path folder;
  private final List<HttpServer> servers = new ArrayList<>();
  private final Map<String, Integer> requests = new ConcurrentHashMap<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private ExecutorService pool;
  private Path cache;

  @BeforeEach
  void start() {
    pool = Executors.newCachedThreadPool();
    cache = folder.resolve("cache").resolve("toy");
  }

  @AfterEach
  void stop() {
    over.countDown();
    servers.forEach(server -> server.stop(0));
    pool.shutdownNow();
  }

  /** Starts a mirror; its files are the good ones, gzip. */
  private URI mirror(String name, Answer answer) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(pool);
    server.createContext(
        "/",
        exchange -> {
          requests.merge(name, 1, Integer::sum);
          try (exchange) {
            answer.to(exchange, packed(Path.of(exchange.getRequestURI().getPath())));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    server.start();
    servers.add(server);
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/files/");
  }

  private static byte[] file(Part part) {
    return Objects.requireNonNull(FILES.get(part));
  }

  private static byte[] packed(Path path) {
    String name = String.valueOf(path.getFileName());
    return FILES.entrySet().stream()
        .filter(file -> name.equals(file.getKey().fileName() + ".gz"))
        .map(file -> IdxBytes.gzip(file.getValue()))
        .findFirst()
        .orElseThrow();
  }

  private DataSource source(URI... mirrors) {
    return source(Duration.ofSeconds(30), mirrors);
  }

  private DataSource source(Duration patience, URI... mirrors) {
    Map<Part, String> sums = new EnumMap<>(Part.class);
    FILES.forEach((part, bytes) -> sums.put(part, IdxBytes.sha256(bytes)));
    return new DataSource(
        new Places(folder.resolve("given"), folder.resolve("cache")),
        List.of(new KnownData("toy", sums, List.of(mirrors))),
        new Downloader(patience));
  }

  private DataSplits toy(URI... mirrors) throws DataException {
    return source(mirrors).find("toy", NONE);
  }

  private static void isToy(DataSplits splits) {
    assertThat(splits.train().count()).isEqualTo(500);
    assertThat(splits.train().labels()).hasSize(500);
    byte[] test = file(Part.TEST_IMAGES);
    assertThat(splits.test().pixels()).isEqualTo(Arrays.copyOfRange(test, 16, test.length));
  }

  private List<String> cached() throws IOException {
    if (!Files.exists(cache)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(cache)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  private void refused(URI mirror, String... parts) throws IOException {
    assertThatThrownBy(() -> toy(mirror))
        .isInstanceOf(DataException.class)
        .message()
        .hasLineCount(1)
        .startsWith("toy: train-images-idx3-ubyte.gz cannot be downloaded: " + mirror)
        .contains("put its four files into a folder named toy and set ELBO4J_DATA")
        .contains(parts);
    assertThat(cached()).isEmpty();
  }

  @Test
  void downloadsOnce() throws IOException {
    URI mirror = mirror("good", WHOLE);
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    DataSplits splits =
        source(mirror)
            .find("toy", (file, bytes, total) -> told.add(file + " " + bytes + "/" + total));
    isToy(splits);
    assertThat(splits.description()).isEqualTo("toy: 500 train and 30 test images of 20 x 20");
    assertThat(cached())
        .containsExactly(
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz");
    int length = IdxBytes.gzip(file(Part.TRAIN_IMAGES)).length;
    assertThat(told).contains("train-images-idx3-ubyte.gz %d/%<d".formatted(length));
    assertThat(requests).containsEntry("good", 4);
    isToy(toy());
    assertThat(requests).containsEntry("good", 4);
  }

  @Test
  void goesOnToTheNextMirror() throws IOException {
    URI missing = mirror("missing", (exchange, file) -> exchange.sendResponseHeaders(404, -1));
    URI wrong =
        mirror(
            "wrong",
            (exchange, file) -> WHOLE.to(exchange, IdxBytes.gzip(IdxBytes.images(500, 20, 20, 9))));
    URI moved =
        mirror(
            "moved",
            (exchange, file) -> {
              String there = mirrorOf("good") + exchange.getRequestURI().getPath().substring(7);
              exchange.getResponseHeaders().set("Location", there);
              exchange.sendResponseHeaders(302, -1);
            });
    good = mirror("good", WHOLE);
    isToy(toy(missing, wrong, moved));
    assertThat(requests)
        .containsEntry("missing", 4)
        .containsEntry("wrong", 4)
        .containsEntry("good", 4);
    assertThat(cached()).hasSize(4);
  }

  private URI good = URI.create("http://127.0.0.1/");

  private URI mirrorOf(String name) {
    assertThat(name).isEqualTo("good");
    return good;
  }

  @Test
  void refusesWhatIsNotTheFile() throws IOException {
    byte[] other = IdxBytes.images(500, 20, 20, 9);
    byte[] packed = IdxBytes.gzip(other);
    refused(
        mirror("wrong", (exchange, file) -> WHOLE.to(exchange, packed)),
        packed.length + " bytes came",
        IdxBytes.sha256(other),
        IdxBytes.sha256(file(Part.TRAIN_IMAGES)));
    refused(
        mirror(
            "page",
            (exchange, file) ->
                WHOLE.to(exchange, "<html>Log in".getBytes(StandardCharsets.UTF_8))),
        "not gzip",
        "3c 68 74 6d");
    refused(
        mirror("gone", (exchange, file) -> exchange.sendResponseHeaders(404, -1)),
        "HTTP status 404");
    refused(
        mirror("cut", (exchange, file) -> WHOLE.to(exchange, Arrays.copyOf(file, 1000))),
        "1000 bytes came",
        "truncated");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void refusesABodyThatBreaksOff(boolean lengthGiven) throws IOException {
    refused(
        mirror(
            "broken",
            (exchange, file) -> {
              exchange.sendResponseHeaders(200, lengthGiven ? file.length : 0);
              exchange.getResponseBody().write(file, 0, 1000);
              exchange.getResponseBody().flush();
            }),
        lengthGiven ? "broke off after " : "truncated");
  }

  @Test
  void givesUpOnAServerThatFallsSilent() throws IOException {
    URI silent =
        mirror(
            "silent",
            (exchange, file) -> {
              exchange.sendResponseHeaders(200, file.length);
              OutputStream body = exchange.getResponseBody();
              body.write(file, 0, 1000);
              body.flush();
              over.await();
            });
    assertThatThrownBy(() -> source(Duration.ofMillis(400), silent).find("toy", NONE))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("nothing came for 400 ms, after ");
    assertThat(cached()).isEmpty();
  }

  @Test
  void waitsForASlowServer() throws IOException {
    URI slow =
        mirror(
            "slow",
            (exchange, file) -> {
              exchange.sendResponseHeaders(200, file.length);
              int step = file.length < 100_000 ? file.length : file.length / 9;
              for (int from = 0; from < file.length; from += step) {
                exchange.getResponseBody().write(file, from, Math.min(step, file.length - from));
                exchange.getResponseBody().flush();
                Thread.sleep(300);
              }
            });
    // the large file takes longer altogether than the patience for one byte
    isToy(source(Duration.ofSeconds(2), slow).find("toy", NONE));
  }

  @Test
  void saysWhatToDoOffline() throws IOException {
    URI mirror = mirror("off", WHOLE);
    servers.get(0).stop(0);
    refused(mirror, "ConnectException");
  }

  @Test
  void twoAtOnceDoNoHarm() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    URI mirror =
        mirror(
            "good",
            (exchange, file) -> {
              both.countDown();
              both.await(); // so that the first file is under way twice
              WHOLE.to(exchange, file);
            });
    Future<DataSplits> one = pool.submit(() -> toy(mirror));
    Future<DataSplits> two = pool.submit(() -> toy(mirror));
    isToy(one.get());
    isToy(two.get());
    assertThat(cached()).hasSize(4);
    isToy(toy());
  }

  @Test
  void clearsAwayOnlyOldParts() throws IOException {
    Files.createDirectories(cache);
    Path old = Files.createFile(cache.resolve("train-images-idx3-ubyte.gz~1.part"));
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
    Path young = Files.createFile(cache.resolve("train-images-idx3-ubyte.gz~2.part"));
    isToy(toy(mirror("good", WHOLE)));
    assertThat(old).doesNotExist();
    assertThat(young).exists();
  }

  @Test
  void fetchesADamagedCopyAnew() throws IOException {
    URI mirror = mirror("good", WHOLE);
    toy(mirror);
    Files.write(cache.resolve("t10k-images-idx3-ubyte.gz"), new byte[] {1, 2, 3});
    assertThatThrownBy(this::toy).hasMessageContaining("the cached copy is damaged");
    isToy(toy(mirror));
    assertThat(requests).containsEntry("good", 5);
    isToy(toy());
  }

  @Test
  void anInterruptStopsADownload() throws IOException {
    URI mirror = mirror("silent", (exchange, file) -> over.await());
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> toy(mirror))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("interrupted");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(cached()).isEmpty();
  }

  @Test
  void theUsersOwnFolderComesFirst() throws IOException {
    Path given = Files.createDirectories(folder.resolve("given").resolve("toy"));
    Files.write(given.resolve("train-images-idx3-ubyte"), file(Part.TRAIN_IMAGES));
    assertThatThrownBy(() -> toy(mirror("good", WHOLE)))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "%s: has no train-labels-idx1-ubyte or train-labels-idx1-ubyte.gz, want all four files of toy"
                .formatted(given));
    Files.write(given.resolve("train-labels.idx1-ubyte"), file(Part.TRAIN_LABELS));
    Files.write(
        given.resolve("t10k-images-idx3-ubyte.gz"), packed(Path.of("t10k-images-idx3-ubyte.gz")));
    Files.write(given.resolve("t10k-labels-idx1-ubyte"), file(Part.TEST_LABELS));
    isToy(toy());
    assertThat(requests).isEmpty();
    Files.write(given.resolve("t10k-labels-idx1-ubyte"), IdxBytes.file(new byte[30], 30));
    assertThatThrownBy(this::toy)
        .isInstanceOf(DataException.class)
        .hasMessageContaining("SHA-256")
        .hasMessageContaining("t10k-labels-idx1-ubyte");
  }
}
