package io.github.elbo4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Fetches one IDX file over HTTP. The bytes go to a {@code .part} file of this process' own, are
 * checked, forced to disk and then renamed, so that a file under its final name is always whole,
 * whoever else downloads it at the same time.
 */
final class Downloader {
  /** No file of a known set is larger; stops a server that never ends. */
  private static final long MOST_BYTES = 256L << 20;

  private static final Duration STALE = Duration.ofDays(1);

  private final Duration patience;

  /**
   * @param patience how long to wait for a connection, and for the next byte
   */
  Downloader(Duration patience) {
    this.patience = patience;
  }

  /**
   * Tries each URL in turn.
   *
   * @param target the final file; its folder is made when needed
   * @param sha256 wanted SHA-256 of the unpacked bytes
   * @return the contents of the file
   * @throws DataException no URL gave it; says for each what came. No file is left under any name.
   */
  Idx fetch(Path target, List<URI> urls, int rank, String sha256, DownloadProgress progress)
      throws DataException {
    List<String> failures = new ArrayList<>();
    Path part = newPart(target);
    try {
      for (URI url : urls) {
        try {
          Idx content = fetchOne(url, part, rank, sha256, progress);
          Files.move(
              part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
          return content;
        } catch (InterruptedIOException e) {
          throw new DataException(url + ": interrupted", e);
        } catch (DataException e) {
          failures.add(String.valueOf(e.getMessage()));
        } catch (IOException e) {
          failures.add(url + ": " + reason(e));
        }
      }
    } finally {
      deleteQuietly(part);
    }
    throw new DataException(String.join("; ", failures));
  }

  private Idx fetchOne(URI url, Path part, int rank, String sha256, DownloadProgress progress)
      throws IOException {
    long bytes = transfer(url, part, progress);
    try (InputStream in = Files.newInputStream(part)) {
      return Idx.read(in, url + " (" + bytes + " bytes came)", bytes, rank, sha256);
    }
  }

  /** Runs the transfer on a thread of its own and gives up when no byte came for a while. */
  private long transfer(URI url, Path part, DownloadProgress progress) throws IOException {
    AtomicLong received = new AtomicLong();
    FutureTask<Long> task = new FutureTask<>(() -> transferNow(url, part, received, progress));
    Thread.ofVirtual().name("elbo4j-download").start(task);
    long seen = 0;
    while (true) {
      try {
        return task.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        long now = received.get();
        if (now == seen) {
          task.cancel(true);
          throw new IOException(
              "nothing came for " + patience.toMillis() + " ms, after " + now + " bytes", e);
        }
        seen = now;
      } catch (InterruptedException e) {
        task.cancel(true);
        Thread.currentThread().interrupt();
        throw (InterruptedIOException) new InterruptedIOException().initCause(e);
      } catch (ExecutionException e) {
        throw new IOException(reason(e.getCause() == null ? e : e.getCause()), e);
      }
    }
  }

  private long transferNow(URI url, Path part, AtomicLong received, DownloadProgress progress)
      throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(url).header("User-Agent", "elbo4j").build();
    try (HttpClient client =
        HttpClient.newBuilder()
            .connectTimeout(patience)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build()) {
      try {
        HttpResponse<InputStream> response =
            client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
          if (response.statusCode() != 200) {
            throw new IOException("HTTP status " + response.statusCode() + ", want 200");
          }
          long total = response.headers().firstValueAsLong("Content-Length").orElse(-1);
          return store(body, total, part, received, progress);
        }
      } finally {
        client.shutdownNow(); // a body that is not read to its end would keep close() waiting
      }
    }
  }

  private static long store(
      InputStream body, long total, Path part, AtomicLong received, DownloadProgress progress)
      throws IOException {
    String name = String.valueOf(part.getFileName());
    String file = name.substring(0, name.indexOf('~'));
    byte[] buffer = new byte[1 << 16];
    try (FileChannel out =
        FileChannel.open(part, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
      for (int n = read(body, buffer, received, total);
          n >= 0;
          n = read(body, buffer, received, total)) {
        ByteBuffer chunk = ByteBuffer.wrap(buffer, 0, n);
        while (chunk.hasRemaining()) {
          out.write(chunk);
        }
        if (received.addAndGet(n) > MOST_BYTES) {
          throw new IOException("more than " + MOST_BYTES + " bytes came");
        }
        progress.received(file, received.get(), total);
      }
      out.force(true);
    }
    if (total >= 0 && received.get() != total) {
      throw new IOException(received + " bytes came, want " + total);
    }
    return received.get();
  }

  private static int read(InputStream body, byte[] buffer, AtomicLong received, long total)
      throws IOException {
    try {
      return body.read(buffer);
    } catch (IOException e) {
      String wanted = total < 0 ? "" : ", want " + total;
      throw new IOException(
          "broke off after %s bytes%s (%s)".formatted(received, wanted, reason(e)), e);
    }
  }

  private static Path newPart(Path target) throws DataException {
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null) {
      throw new DataException(target + ": is not a file name");
    }
    try {
      Files.createDirectories(folder);
      deleteStale(folder);
      return Files.createTempFile(folder, target.getFileName() + "~", ".part");
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be written: " + e, e);
    }
  }

  /** Parts that a killed process left behind. */
  private static void deleteStale(Path folder) throws IOException {
    Instant limit = Instant.now().minus(STALE);
    try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, "*~*.part")) {
      for (Path part : parts) {
        try {
          if (Files.getLastModifiedTime(part).toInstant().isBefore(limit)) {
            Files.delete(part);
          }
        } catch (NoSuchFileException e) {
          // another process has just renamed or deleted it
        }
      }
    }
  }

  private static void deleteQuietly(Path part) {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      // the reason that it is being deleted matters more; a later download clears it away
    }
  }

  /** Network exceptions often carry no message: their class is what says most. */
  private static String reason(Throwable e) {
    String message = e.getMessage();
    String type = e.getClass().getSimpleName();
    if (message == null || message.isBlank()) {
      return type;
    }
    return e.getClass() == IOException.class ? message : type + ": " + message;
  }
}
