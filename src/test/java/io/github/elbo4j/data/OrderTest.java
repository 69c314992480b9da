package io.github.elbo4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The order of examples, and the batches cut from it. */
class OrderTest {
  /** Image i is the two bytes (i, 255 − i). */
  private static Images numbered(int count) {
    byte[] pixels = new byte[2 * count];
    for (int i = 0; i < count; i++) {
      pixels[2 * i] = (byte) i;
      pixels[2 * i + 1] = (byte) (255 - i);
    }
    return new Images("numbered", count, 1, 2, pixels, null);
  }

  private static int[] order(EpochOrder order, int epoch, int count) {
    return IntStream.range(0, count).map(i -> order.at(epoch, i)).toArray();
  }

  @Test
  void everyOrderIsEquallyLikely() {
    // 24 orders of 4 examples, 24,000 epochs: chi-square with 23 degrees of freedom, 99.9 % below
    // 49.7
    EpochOrder order = new EpochOrder(4, 11);
    Map<String, Integer> seen = new HashMap<>();
    for (int epoch = 0; epoch < 24_000; epoch++) {
      seen.merge(Arrays.toString(order(order, epoch, 4)), 1, Integer::sum);
    }
    assertThat(seen).hasSize(24);
    double chiSquare = seen.values().stream().mapToDouble(n -> Math.pow(n - 1000, 2) / 1000).sum();
    assertThat(chiSquare).isBetween(7.5, 49.7);
  }

  @Test
  void anOrderDependsOnSeedAndEpochAlone() {
    EpochOrder one = new EpochOrder(1000, 1);
    int[] zero = order(one, 0, 1000);
    int[] five = order(one, 5, 1000);
    assertThat(zero).isNotEqualTo(five);
    assertThat(Arrays.stream(five).sorted().toArray())
        .isEqualTo(IntStream.range(0, 1000).toArray());
    assertThat(order(one, 0, 1000)).isEqualTo(zero);
    assertThat(order(new EpochOrder(1000, 1), 5, 1000)).isEqualTo(five);
    assertThat(order(new EpochOrder(1000, 2), 5, 1000)).isNotEqualTo(five);
    // the upper half of the seed counts too
    assertThat(order(new EpochOrder(1000, 1 + (1L << 40)), 5, 1000)).isNotEqualTo(five);
    assertThatThrownBy(() -> one.at(-1, 0)).hasMessageContaining("epoch -1");
    assertThatThrownBy(() -> new EpochOrder(0, 1)).hasMessageContaining("count 0");
  }

  @ParameterizedTest
  @CsvSource({"10, 3, 4", "12, 3, 4", "1, 1, 1", "5, 8, 1", "200, 1, 200"})
  void anEpochSeesEveryExampleOnce(int count, int batchSize, int perEpoch) {
    Batches batches = new Batches(numbered(count), batchSize, 7);
    assertThat(batches.perEpoch()).isEqualTo(perEpoch);
    byte[] out = new byte[2 * batchSize];
    for (int epoch = 0; epoch < 3; epoch++) {
      int[] seen = new int[count];
      for (int b = 0; b < perEpoch; b++) {
        long batch = (long) epoch * perEpoch + b;
        int rows = batches.fill(batch, out);
        assertThat(rows).isEqualTo(batches.rows(batch)).isPositive();
        assertThat(rows).isEqualTo(b < perEpoch - 1 ? batchSize : count - b * batchSize);
        assertThat(batches.epoch(batch)).isEqualTo(epoch);
        for (int row = 0; row < rows; row++) {
          int image = out[2 * row] & 0xFF;
          assertThat(out[2 * row + 1] & 0xFF).isEqualTo(255 - image);
          seen[image]++;
        }
      }
      assertThat(seen).containsOnly(1);
    }
  }

  @Test
  void resumesAnywhere() {
    Images data = numbered(101);
    Batches whole = new Batches(data, 8, 3);
    byte[][] all = new byte[40][16];
    for (int b = 0; b < all.length; b++) {
      whole.fill(b, all[b]);
    }
    for (int b = all.length - 1; b >= 0; b -= 7) {
      byte[] out = new byte[16];
      new Batches(data, 8, 3).fill(b, out);
      int bytes = 2 * whole.rows(b);
      assertThat(Arrays.copyOf(out, bytes)).isEqualTo(Arrays.copyOf(all[b], bytes));
    }
  }

  @Test
  void refusesBadArguments() {
    Batches batches = new Batches(numbered(10), 4, 0);
    assertThatThrownBy(() -> new Batches(numbered(10), 0, 0)).hasMessageContaining("batchSize 0");
    assertThatThrownBy(() -> batches.fill(0, new byte[7]))
        .hasMessage("Batches.fill: out has 7 bytes, want 4 rows of 2");
    assertThatThrownBy(() -> batches.fill(-1, new byte[8])).hasMessageContaining("batch -1");
    assertThatThrownBy(() -> batches.rows(Long.MAX_VALUE)).hasMessageContaining("must be >= 0");
    assertThat(batches.fill(2, new byte[4])).isEqualTo(2); // the short one
  }

  @Test
  void allocatesNothing() {
    Batches batches = new Batches(numbered(100), 16, 5);
    byte[] out = new byte[32];
    batches.fill(0, out);
    Allocation.of(() -> batches.fill(1, out)); // the counter's own classes
    assertThat(
            Allocation.of(
                () -> {
                  for (int b = 0; b < 10_000; b++) {
                    batches.fill(b, out);
                  }
                }))
        .isLessThan(1_000);
  }
}
