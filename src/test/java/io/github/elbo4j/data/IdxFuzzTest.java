package io.github.elbo4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is done to a file, it is read as it was written or refused with a {@link DataException}.
 */
class IdxFuzzTest {
  private static final byte[] GOOD = IdxBytes.images(7, 4, 5, 3);
  private static final byte[] PIXELS = Arrays.copyOfRange(GOOD, 16, GOOD.length);
  private static final byte[] PACKED = IdxBytes.gzip(GOOD);

  /** The pixels, or null when the bytes were refused; anything else thrown fails the test. */
  private static byte @Nullable [] read(byte[] bytes, boolean lengthKnown) {
    try {
      Idx idx =
          Idx.read(
              new ByteArrayInputStream(bytes), "fuzz", lengthKnown ? bytes.length : -1, 3, null);
      assertThat((long) idx.dim(0) * idx.dim(1) * idx.dim(2)).isEqualTo(idx.values().length);
      return idx.values();
    } catch (DataException e) {
      assertThat(e).hasMessageStartingWith("fuzz: ");
      return null;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void truncatedAtEveryByte(boolean lengthKnown) {
    for (byte[] whole : List.of(GOOD, PACKED)) {
      for (int length = 0; length < whole.length; length++) {
        assertThat(read(Arrays.copyOf(whole, length), lengthKnown)).as("%d", length).isNull();
      }
      assertThat(read(whole, lengthKnown)).isEqualTo(PIXELS);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void everyValueOfEveryHeaderByte(boolean lengthKnown) {
    for (int at = 0; at < 16; at++) {
      for (int flip = 1; flip < 256; flip++) {
        byte[] bytes = GOOD.clone();
        bytes[at] ^= (byte) flip;
        // 128 kB of buffers and, where only the end of the stream tells, 1 MB of pixels
        Allocation.atMost(3 << 19, () -> assertThat(read(bytes, lengthKnown)).isNull());
      }
    }
  }

  @Test
  void everyBitOfTheGzip() {
    int read = 0;
    for (int at = 0; at < PACKED.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] bytes = PACKED.clone();
        bytes[at] ^= (byte) (1 << bit);
        byte @Nullable [] pixels = read(bytes, true);
        if (pixels != null) {
          read++;
          assertThat(pixels).isEqualTo(PIXELS);
        }
      }
    }
    // Time stamp, extra flags and operating system (6 bytes) say nothing about the data, nor do the
    // text flag and the
    // bits that fill up a byte of the deflate stream.
    assertThat(read).isBetween(6 * 8 + 1, 6 * 8 + 1 + 7);
  }

  @Test
  void randomDamage() {
    Random random = new Random(20260101);
    List<byte[]> wholes = new ArrayList<>(List.of(GOOD, PACKED));
    wholes.add(IdxBytes.concat(PACKED, PACKED));
    for (int round = 0; round < 5_000; round++) {
      byte[] whole = wholes.get(random.nextInt(wholes.size()));
      byte[] bytes = Arrays.copyOf(whole, 1 + random.nextInt(whole.length + 20));
      for (int i = random.nextInt(6); i > 0; i--) {
        bytes[random.nextInt(Math.min(bytes.length, 24))] = (byte) random.nextInt(256);
      }
      read(bytes, random.nextBoolean());
    }
  }
}
