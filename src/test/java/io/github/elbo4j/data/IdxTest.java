package io.github.elbo4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdxTest {
  private static final byte[] GOOD = IdxBytes.images(5, 3, 2, 1);

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("f");
  }

  private Idx read(byte[] bytes) throws Exception {
    Files.write(file, bytes);
    return Idx.read(file, 3, null);
  }

  private void refused(byte[] bytes, String... parts) {
    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(DataException.class)
        .message()
        .startsWith(file + ": ")
        .satisfies(message -> assertThat(List.of(parts)).allMatch(message::contains))
        .hasLineCount(1);
  }

  @Test
  void readsPlainAndGzip() throws Exception {
    byte[] pixels = Arrays.copyOfRange(GOOD, 16, GOOD.length);
    for (byte[] bytes : new byte[][] {GOOD, IdxBytes.gzip(GOOD)}) {
      Idx idx = read(bytes);
      assertThat(idx.values()).isEqualTo(pixels);
      assertThat(new int[] {idx.dim(0), idx.dim(1), idx.dim(2)}).containsExactly(5, 3, 2);
    }
  }

  @Test
  void readsWhatIsLargerThanOneChunk() throws Exception {
    byte[] bytes = IdxBytes.images(5_000, 28, 28, 2);
    byte[] pixels = Arrays.copyOfRange(bytes, 16, bytes.length);
    assertThat(read(IdxBytes.gzip(bytes)).values()).isEqualTo(pixels);
    // a pipe has no length
    Idx piped = Idx.read(new ByteArrayInputStream(bytes), "pipe", -1, 3, null);
    assertThat(piped.values()).isEqualTo(pixels);
  }

  @Test
  void checksTheUnpackedBytes() throws Exception {
    Files.write(file, IdxBytes.gzip(GOOD));
    assertThat(Idx.read(file, 3, IdxBytes.sha256(GOOD)).dim(0)).isEqualTo(5);
    String other = "0".repeat(64);
    assertThatThrownBy(() -> Idx.read(file, 3, other))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(IdxBytes.sha256(GOOD))
        .hasMessageContaining(other);
  }

  @Test
  void refusesWhatIsNotIdx() {
    refused(new byte[0], "0 bytes", "too short");
    refused(new byte[] {0, 0, 8}, "3 bytes", "too short");
    refused("<!DOCTYPE html>".getBytes(StandardCharsets.US_ASCII), "not gzip", "3c 21 44 4f");
    refused(IdxBytes.gzip("hello".getBytes(StandardCharsets.US_ASCII)), "68 65 6c 6c");
    byte[] floats = GOOD.clone();
    floats[2] = 0x0D;
    refused(floats, "type code is 0x0d", "0x08");
    refused(IdxBytes.labels(5), "has 1 dimensions, want 3");
    assertThatThrownBy(() -> Idx.read(folder.resolve("none"), 3, null))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> Idx.read(folder, 3, null)).isInstanceOf(DataException.class);
  }

  @Test
  void refusesTruncatedAndTrailing() {
    refused(Arrays.copyOf(GOOD, 10), "header is truncated: 10 bytes, want 16");
    refused(Arrays.copyOf(GOOD, 30), "30 bytes, but 14 bytes follow", "truncated");
    refused(Arrays.copyOf(GOOD, 47), "30 bytes, but 31 bytes follow", "trailing");
    refused(IdxBytes.gzip(Arrays.copyOf(GOOD, 30)), "14 bytes unpacked", "asks for 30");
    refused(IdxBytes.gzip(Arrays.copyOf(GOOD, 47)), "trailing bytes after the 30");
    byte[] packed = IdxBytes.gzip(GOOD);
    refused(Arrays.copyOf(packed, packed.length - 1), "gzip data is truncated");
    refused(IdxBytes.concat(packed, new byte[] {0}), "trailing bytes after the gzip data");
  }

  @Test
  void refusesAnEmptySet() {
    refused(IdxBytes.file(new byte[0], 0, 28, 28), "is empty", "dimension 1");
    refused(IdxBytes.file(new byte[0], 5, 28, 0), "is empty", "dimension 3");
  }

  @ParameterizedTest
  @CsvSource({
    "2147483647, 28, 28",
    "-1, -1, -1",
    "-2147483648, 1, 1",
    "2147483639, 1, 1",
    "1000000, 28, 28"
  })
  void refusesAbsurdSizesBeforeAllocating(int count, int height, int width) {
    byte[] plain = IdxBytes.file(new byte[84], count, height, width);
    Allocation.atMost(
        2 << 20,
        () -> {
          refused(plain);
          refused(IdxBytes.gzip(plain));
          // without a known length, memory may only grow with what comes
          assertThatThrownBy(() -> Idx.read(new ByteArrayInputStream(plain), "pipe", -1, 3, null))
              .isInstanceOf(DataException.class);
        });
  }

  @Test
  void stopsReadingABomb() {
    // 200 MB of zeros in 200 kB, behind a header that asks for 4 bytes
    byte[] bomb = IdxBytes.gzip(IdxBytes.file(new byte[200 << 20], 1, 2, 2));
    assertThat(bomb.length).isLessThan(300_000);
    Allocation.atMost(2 << 20, () -> refused(bomb, "trailing bytes after the 4"));
  }
}
