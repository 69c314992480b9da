package io.github.elbo4j.kernel.discrete;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What must hold of Concrete and Gumbel-max samples and their densities, by quadrature and tests.
 */
class ConcretePropertiesTest {
  private static final NoiseKey KEY = new NoiseKey(11, 4);
  private static final ConcreteKernels SIMD = Backends.simd().concrete();

  static Stream<Backend> backends() {
    return Stream.of(Backends.reference(), Backends.simd());
  }

  private static Tensor of(double... values) {
    Tensor t = Tensor.zeros(1, values.length);
    for (int i = 0; i < values.length; i++) {
      t.array()[i] = (float) values[i];
    }
    return t;
  }

  private static double[] densities(
      ConcreteKernels kernels, Tensor logits, float tau, double[][] logY, boolean ofY) {
    int c = logits.columns();
    Tensor sample = Tensor.zeros(logY.length, c);
    for (int i = 0; i < sample.size(); i++) {
      sample.array()[i] = (float) logY[i / c][i % c];
    }
    Tensor out = Tensor.zeros(logY.length);
    kernels.logDensity(logits, c, tau, sample, ofY, out);
    double[] p = new double[logY.length];
    for (int i = 0; i < p.length; i++) {
      p[i] = Math.exp(out.get(i));
    }
    return p;
  }

  /** log y of a variable with log-ratios t to its last category. */
  private static double[] fromRatios(double... t) {
    double[] x = Arrays.copyOf(t, t.length + 1);
    return ConcreteLaw.logSoftmax(x, 1, x.length);
  }

  /**
   * The density of logY is one over the log-ratios {@code t_i = logY_i − logY_C}; that of y is one
   * over the simplex, and dy = Π y · dt.
   */
  @ParameterizedTest
  @MethodSource("backends")
  void theDensityOfTwoCategoriesIntegratesToOne(Backend backend) {
    for (float tau : new float[] {0.3f, 1, 4}) {
      double step = 0.02 / tau;
      double[][] grid = new double[4001][];
      for (int i = 0; i < grid.length; i++) {
        grid[i] = fromRatios((i - 2000) * step);
      }
      Tensor logits = of(0.7, -0.4);
      double[] p = densities(backend.concrete(), logits, tau, grid, false);
      double[] q = densities(backend.concrete(), logits, tau, grid, true);
      double ofLogY = 0;
      double ofY = 0;
      for (int i = 0; i < grid.length; i++) {
        ofLogY += p[i] * step;
        ofY += q[i] * Math.exp(grid[i][0] + grid[i][1]) * step;
      }
      assertThat(ofLogY).isCloseTo(1, within(1e-5));
      assertThat(ofY).isCloseTo(1, within(1e-5));
    }
  }

  @Test
  void theDensityOfThreeCategoriesIntegratesToOne() {
    for (float tau : new float[] {0.5f, 2}) {
      int side = 301;
      double step = 0.12 / tau;
      double[][] grid = new double[side * side][];
      for (int i = 0; i < grid.length; i++) {
        grid[i] = fromRatios((i / side - 150) * step, (i % side - 150) * step);
      }
      double sum = 0;
      for (double p : densities(SIMD, of(0.3, -0.6, 0.1), tau, grid, false)) {
        sum += p * step * step;
      }
      assertThat(sum).isCloseTo(1, within(1e-5));
    }
  }

  /** Over the triangle itself, where the density at τ = 3 vanishes at the edges. */
  @Test
  void theDensityOfYIntegratesToOneOverTheSimplex() {
    int side = 400;
    double[][] grid = new double[side * (side - 1) / 2][];
    int n = 0;
    for (int i = 0; i < side; i++) {
      for (int j = 0; i + j < side - 1; j++) {
        double a = (i + 0.5) / side;
        double b = (j + 0.5) / side;
        grid[n++] = new double[] {Math.log(a), Math.log(b), Math.log(1 - a - b)};
      }
    }
    double sum = 0;
    for (double p : densities(SIMD, of(0.3, -0.6, 0.1), 3, Arrays.copyOf(grid, n), true)) {
      sum += p / side / side;
    }
    assertThat(sum).isCloseTo(1, within(2e-3));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void theBinaryDensityIntegratesToOne(Backend backend) {
    int n = 4000;
    Tensor points = Tensor.zeros(n, 1);
    Tensor units = Tensor.zeros(n, 1);
    for (int i = 0; i < n; i++) {
      points.array()[i] = (i - 2000) * 0.02f;
      double y = (i + 0.5) / n;
      units.array()[i] = (float) (Math.log(y) - Math.log1p(-y));
    }
    Tensor out = Tensor.zeros(n);
    for (float tau : new float[] {0.8f, 3}) {
      backend.concrete().binaryLogDensity(of(0.7), tau, points, false, out);
      assertThat(sumOfExps(out) * 0.02).isCloseTo(1, within(1e-5));
    }
    backend.concrete().binaryLogDensity(of(0.7), 3, units, true, out);
    assertThat(sumOfExps(out) / n).isCloseTo(1, within(1e-3));
  }

  private static double sumOfExps(Tensor logs) {
    double sum = 0;
    for (float v : logs.toArray()) {
      sum += Math.exp(v);
    }
    return sum;
  }

  @Test
  void gumbelMaxDrawsCategoriesWithTheirProbabilities() {
    int samples = 200_000;
    int c = 10;
    Tensor logits = of(0, 1, 2, -1, 0.5, 1.5, -2, 0, 0.2, -0.3);
    double[] p = ConcreteLaw.exps(ConcreteLaw.logSoftmax(doubles(logits), 1, c));
    Tensor index = Tensor.zeros(samples, 1);
    SIMD.gumbelMax(logits, c, KEY, null, index);
    double[] counts = new double[c];
    for (float d : index.toArray()) {
      counts[(int) d]++;
    }
    double chiSquare = 0;
    for (int i = 0; i < c; i++) {
      double wanted = samples * p[i];
      chiSquare += (counts[i] - wanted) * (counts[i] - wanted) / wanted;
    }
    assertThat(chiSquare).isLessThan(33.7); // 9 degrees of freedom, 1 in 10,000
  }

  private static double[] doubles(Tensor t) {
    double[] x = new double[t.size()];
    Arrays.setAll(x, t::get);
    return x;
  }

  /** √n·sup|F_n − F| of the sample, below 2.23 but once in 10,000. */
  private static double kolmogorov(double[] sample, DoubleUnaryOperator cdf) {
    Arrays.sort(sample);
    double worst = 0;
    int n = sample.length;
    for (int i = 0; i < n; i++) {
      double f = cdf.applyAsDouble(sample[i]);
      worst = Math.max(worst, Math.max(f - (double) i / n, (i + 1.0) / n - f));
    }
    return Math.sqrt(n) * worst;
  }

  /**
   * The log-ratio of two categories times τ is the difference of their logits plus logistic noise.
   */
  @ParameterizedTest
  @ValueSource(floats = {0.05f, 0.5f, 10})
  void relaxedSamplesHaveTheirDistribution(float tau) {
    int n = 50_000;
    Tensor logits = of(0.4, -0.3);
    Tensor logY = Tensor.zeros(n, 2);
    SIMD.sample(logits, 2, tau, KEY, logY, null, null, null);
    double[] ratios = new double[n];
    for (int i = 0; i < n; i++) {
      ratios[i] = tau * ((double) logY.get(2 * i) - logY.get(2 * i + 1));
    }
    assertThat(kolmogorov(ratios, x -> 1 / (1 + Math.exp(0.7 - x)))).isLessThan(2.23);
    Tensor logit = Tensor.zeros(n, 1);
    SIMD.binarySample(of(0.7), tau, KEY, logit, null, null, null);
    for (int i = 0; i < n; i++) {
      ratios[i] = tau * (double) logit.get(i);
    }
    assertThat(kolmogorov(ratios, x -> 1 / (1 + Math.exp(0.7 - x)))).isLessThan(2.23);
  }

  /** Drawing d first and the noise given d is drawing the noise: all of it is Gumbel again. */
  @Test
  void conditionalNoiseIsGumbelWhenTheCategoryIsDrawn() {
    int rows = 5000;
    int c = 5;
    Tensor logits = of(0, 1.5, -1, 0.3, 2, 0.2, 0, -2, 1, 0);
    Tensor index = Tensor.zeros(rows, 2);
    Tensor z = Tensor.zeros(rows, 2 * c);
    SIMD.gumbelMax(logits, c, KEY, null, index);
    SIMD.conditional(logits, c, 1, index, new NoiseKey(12, 5), z, null);
    double[] noise = new double[z.size()];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (double) z.get(i) - logits.get(i % (2 * c));
    }
    assertThat(kolmogorov(noise, g -> Math.exp(-Math.exp(-g)))).isLessThan(2.23);
    for (int n = 0; n < 2 * c; n++) { // each category alone, unlikely ones too
      double[] one = new double[rows];
      for (int r = 0; r < rows; r++) {
        one[r] = (double) z.get(r * 2 * c + n) - logits.get(n);
      }
      assertThat(kolmogorov(one, g -> Math.exp(-Math.exp(-g)))).isLessThan(2.5);
    }
  }

  @Test
  void theArgmaxIsTheGivenCategoryAlways() {
    int rows = 20_000;
    int c = 5;
    for (double scale : new double[] {0, 1, 30, 1e4}) {
      Tensor logits = of(-scale, scale, 0, 0.5 * scale, scale);
      Tensor index = Tensor.zeros(rows, 1);
      for (int r = 0; r < rows; r++) {
        index.array()[r] = r % c;
      }
      Tensor z = Tensor.zeros(rows, c);
      Tensor logY = Tensor.zeros(rows, c);
      SIMD.conditional(logits, c, 0.5f, index, KEY, z, logY);
      for (int i = 0; i < z.size(); i++) {
        int top = i / c * c + i / c % c;
        assertThat(z.get(i)).isFinite();
        assertThat(i == top || z.get(i) < z.get(top)).isTrue();
        assertThat(logY.get(i)).isLessThanOrEqualTo(logY.get(top));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {0.05f, 0.3f, 1, 10})
  void hugeLogitsGiveFiniteSamplesThatSumToOne(float tau) {
    int rows = 300;
    int c = 7;
    Tensor logits = of(1e4, -1e4, 9999, 1e4, 0, -1e4, 37);
    Tensor logY = Tensor.zeros(rows, c);
    Tensor y = Tensor.zeros(rows, c);
    Tensor hot = Tensor.zeros(rows, c);
    Tensor logQ = Tensor.zeros(rows);
    SIMD.sample(logits, c, tau, KEY, logY, y, hot, logQ);
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      double ones = 0;
      for (int i = r * c; i < (r + 1) * c; i++) {
        assertThat(logY.get(i)).isFinite().isLessThanOrEqualTo(0);
        sum += y.get(i);
        ones += hot.get(i);
      }
      assertThat(sum).isCloseTo(1, within(1e-6));
      assertThat(ones).isEqualTo(1);
      assertThat(logQ.get(r)).isFinite();
    }
  }

  /** Adding a number to all logits changes nothing, not a bit where the sum is exact. */
  @Test
  void offsetsOfLogitsCostNoPrecision() {
    Tensor near = of(0.25, -1.5, 0.75, 2);
    Tensor far = of(8192.25, 8190.5, 8192.75, 8194);
    Tensor a = Tensor.zeros(100, 4);
    Tensor b = Tensor.zeros(100, 4);
    SIMD.sample(near, 4, 0.1f, KEY, a, null, null, null);
    SIMD.sample(far, 4, 0.1f, KEY, b, null, null, null);
    assertThat(b.toArray()).isEqualTo(a.toArray());
  }

  /** The hard sample is the exact one of the same noise, and the largest relaxed probability. */
  @ParameterizedTest
  @MethodSource("backends")
  void theStraightThroughSampleIsTheGumbelMaxSample(Backend backend) {
    Tensor logits = of(0.25, -1.5, 0.75, 2, 0, 0);
    int rows = 500;
    Tensor logY = Tensor.zeros(rows, 6);
    Tensor hot = Tensor.zeros(rows, 6);
    Tensor exact = Tensor.zeros(rows, 6);
    backend.concrete().sample(logits, 3, 0.4f, KEY, logY, null, hot, null);
    backend.concrete().gumbelMax(logits, 3, KEY, exact, null);
    assertThat(hot.toArray()).isEqualTo(exact.toArray());
    assertThat(hot.toArray()).contains(0f, 1f);
    for (int v = 0; v < rows * 2; v++) {
      for (int i = 3 * v; i < 3 * v + 3; i++) {
        for (int j = 3 * v; j < 3 * v + 3; j++) {
          assertThat(hot.get(i) == 0 || logY.get(i) >= logY.get(j)).isTrue();
        }
      }
    }
  }
}
