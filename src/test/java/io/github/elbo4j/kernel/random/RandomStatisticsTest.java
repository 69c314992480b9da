package io.github.elbo4j.kernel.random;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.Stream;
import org.hipparchus.special.Erf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Draws of fixed seeds as samples of their distribution. Every bound is four standard errors, or
 * the 0.1 % point of the statistic.
 */
class RandomStatisticsTest {
  private static final int N = 1 << 18;

  /** 0.1 % point of Kolmogorov's distribution of √n·D. */
  private static final double KOLMOGOROV = 1.95;

  static Stream<Backend> backends() {
    return Stream.of(Backends.reference(), Backends.simd());
  }

  private static double[] draw(Backend backend, boolean normal, NoiseKey key, long first) {
    Tensor t = Tensor.zeros(N);
    if (normal) {
      backend.random().normal(key, first, t);
    } else {
      backend.random().uniform(key, first, t);
    }
    double[] x = new double[N];
    for (int i = 0; i < N; i++) {
      x[i] = t.get(i);
    }
    return x;
  }

  /** Mean of x^power, less what is expected, in standard errors. */
  private static double momentScore(double[] x, int power, double expected, double variance) {
    double sum = 0;
    for (double v : x) {
      sum += Math.pow(v, power);
    }
    return (sum / x.length - expected) / Math.sqrt(variance / x.length);
  }

  private static double correlationScore(double[] x, double[] y, double mean, double variance) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (x[i] - mean) * (y[i] - mean);
    }
    return sum / x.length / variance * Math.sqrt(x.length);
  }

  private static double kolmogorov(double[] probabilities) {
    double[] p = probabilities.clone();
    Arrays.sort(p);
    double d = 0;
    for (int i = 0; i < p.length; i++) {
      d = Math.max(d, Math.max(p[i] - (double) i / p.length, (i + 1.0) / p.length - p[i]));
    }
    return d * Math.sqrt(p.length);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void uniformsAreUniform(Backend backend) {
    double[] u = draw(backend, false, new NoiseKey(2024, 1), 0);
    assertThat(Arrays.stream(u).min().orElseThrow()).isGreaterThan(0);
    assertThat(Arrays.stream(u).max().orElseThrow()).isLessThan(1);
    assertThat(momentScore(u, 1, 0.5, 1 / 12.0)).isBetween(-4.0, 4.0);
    assertThat(momentScore(u, 2, 1 / 3.0, 4 / 45.0)).isBetween(-4.0, 4.0);
    assertThat(kolmogorov(u)).isLessThan(KOLMOGOROV);
    int bins = 1024;
    int[] counts = new int[bins];
    for (double v : u) {
      counts[(int) (v * bins)]++;
    }
    double expected = (double) N / bins;
    double chiSquare = 0;
    for (int c : counts) {
      chiSquare += (c - expected) * (c - expected) / expected;
    }
    double degrees = bins - 1.0;
    assertThat((chiSquare - degrees) / Math.sqrt(2 * degrees)).isBetween(-4.0, 4.0);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void normalsAreNormal(Backend backend) {
    double[] z = draw(backend, true, new NoiseKey(2024, 2), 0);
    assertThat(momentScore(z, 1, 0, 1)).isBetween(-4.0, 4.0);
    assertThat(momentScore(z, 2, 1, 2)).isBetween(-4.0, 4.0);
    assertThat(momentScore(z, 3, 0, 15)).isBetween(-4.0, 4.0);
    assertThat(momentScore(z, 4, 3, 96)).isBetween(-4.0, 4.0);
    double[] p = new double[N];
    for (int i = 0; i < N; i++) {
      p[i] = 0.5 * Erf.erfc(-z[i] / Math.sqrt(2));
      assertThat(Math.abs(z[i])).isLessThan(5.8);
    }
    assertThat(kolmogorov(p)).isLessThan(KOLMOGOROV);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void seedsStreamsAndStepsAreIndependent(Backend backend) {
    double[] x = draw(backend, true, new NoiseKey(5, 1).at(1), 0);
    NoiseKey[] others = {
      new NoiseKey(6, 1).at(1),
      new NoiseKey(5 | 1L << 32, 1).at(1),
      new NoiseKey(5, 2).at(1),
      new NoiseKey(5, 1).at(2),
      new NoiseKey(1, 5).at(1),
    };
    for (NoiseKey other : others) {
      double[] y = draw(backend, true, other, 0);
      assertThat(correlationScore(x, y, 0, 1)).isBetween(-4.0, 4.0);
      for (int i = 0; i < N; i++) {
        x[i] *= x[i];
        y[i] *= y[i];
      }
      assertThat(correlationScore(x, y, 1, 2)).isBetween(-4.0, 4.0);
      x = draw(backend, true, new NoiseKey(5, 1).at(1), 0);
    }
  }

  /** Neighbours, the two of a pair (16 apart), words of a block, blocks, groups. */
  @ParameterizedTest
  @MethodSource("backends")
  void elementsOfOneArrayAreIndependent(Backend backend) {
    NoiseKey key = new NoiseKey(11, 0);
    for (boolean normal : new boolean[] {false, true}) {
      double mean = normal ? 0 : 0.5;
      double variance = normal ? 1 : 1 / 12.0;
      double[] x = draw(backend, normal, key, 0);
      for (int lag : new int[] {1, 2, 15, 16, 17, 32, 48, 64, 1024}) {
        double[] y = draw(backend, normal, key, lag);
        assertThat(correlationScore(x, y, mean, variance)).as("lag %d", lag).isBetween(-4.0, 4.0);
      }
    }
  }
}
