package io.github.elbo4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class BinarizeTest {
  private static final int EACH = 4_000;

  /** 4,000 pixels of each of the values 0 … 255. */
  private static Images ramp() {
    byte[] pixels = new byte[256 * EACH];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i % 256);
    }
    return new Images("ramp", EACH, 16, 16, pixels, new byte[EACH]);
  }

  @Test
  void drawsEachPixelWithItsProbability() {
    Images drawn = Binarize.staticDraw(ramp(), 42, 9);
    int[] ones = new int[256];
    for (int i = 0; i < drawn.pixels().length; i++) {
      int pixel = drawn.pixels()[i] & 0xFF;
      assertThat(pixel == 0 || pixel == 255).isTrue();
      ones[i % 256] += pixel / 255;
    }
    assertThat(ones[0]).isZero();
    assertThat(ones[255]).isEqualTo(EACH);
    double chiSquare = 0;
    double total = 0;
    double variance = 0;
    for (int x = 1; x < 255; x++) {
      double p = x / 255.0;
      double deviation = ones[x] - EACH * p;
      assertThat(deviation).as("x = %d", x).isCloseTo(0, within(5 * Math.sqrt(EACH * p * (1 - p))));
      total += deviation;
      variance += EACH * p * (1 - p);
      chiSquare += deviation * deviation / (EACH * p * (1 - p));
    }
    assertThat(total).isCloseTo(0, within(4 * Math.sqrt(variance)));
    // 254 degrees of freedom: mean 254, standard deviation 22.5
    assertThat(chiSquare).isBetween(254 - 4 * 22.5, 254 + 4 * 22.5);
  }

  @Test
  void dependsOnSeedAndStreamAlone() {
    Images ramp = ramp();
    byte[] before = ramp.pixels().clone();
    Images drawn = Binarize.staticDraw(ramp, 42, 9);
    assertThat(ramp.pixels()).isEqualTo(before);
    assertThat(drawn.labels()).isEqualTo(ramp.labels());
    assertThat(Binarize.staticDraw(ramp, 42, 9).pixels()).isEqualTo(drawn.pixels());
    assertThat(Binarize.staticDraw(ramp, 43, 9).pixels()).isNotEqualTo(drawn.pixels());
    assertThat(Binarize.staticDraw(ramp, 42, 8).pixels()).isNotEqualTo(drawn.pixels());
    // the first images are drawn alike however many follow
    Images first = Binarize.staticDraw(ramp.slice(0, 10), 42, 9);
    assertThat(first.pixels()).isEqualTo(drawn.slice(0, 10).pixels());
    // once drawn, drawing again changes nothing
    assertThat(Binarize.staticDraw(drawn, 1, 1).pixels()).isEqualTo(drawn.pixels());
  }
}
