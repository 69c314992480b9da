package io.github.elbo4j.autodiff;

import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The likelihoods of {@link DensityOps} on the tape against their definitions in double. */
class DensityOpsTest {
  private static final int B = 2;
  private static final int K = 2;
  private static final int N = 3;
  private static final int ROWS = B * K;
  private static final ByteTensor LEVELS =
      new ByteTensor(new byte[] {0, 3, (byte) 255, 100, (byte) 200, 40}, 0, B, N);

  private static double x(int i) {
    return (LEVELS.array()[point(i)] & 255) / 255.0;
  }

  private static int point(int i) {
    return Formulas.point(i, K, N);
  }

  private static Tensor floats() {
    Tensor x = Tensor.zeros(B, N);
    for (int i = 0; i < B * N; i++) {
      x.array()[i] = (LEVELS.array()[i] & 255) / 255f;
    }
    return x;
  }

  private static double[] continuousBernoulli(double[] l) {
    double[] rows = new double[ROWS];
    for (int i = 0; i < l.length; i++) {
      rows[i / N] += x(i) * l[i] + Math.log(l[i] / Math.expm1(l[i])); // p = l·e^(lx)/(e^l − 1)
    }
    return rows;
  }

  private static double[] laplace(double[] mean, double[] logScale) {
    double[] rows = new double[ROWS];
    for (int i = 0; i < mean.length; i++) {
      double s = Math.exp(logScale[i % logScale.length]);
      rows[i / N] -= Math.abs(x(i) - mean[i]) / s + Math.log(2 * s);
    }
    return rows;
  }

  private static double[] categorical(double[] l, int c) {
    double[] rows = new double[ROWS];
    for (int i = 0; i < ROWS * N; i++) {
      double sum = 0;
      for (int j = 0; j < c; j++) {
        sum += Math.exp(l[i * c + j]);
      }
      rows[i / N] += l[i * c + (LEVELS.array()[point(i)] & 255) % c] - Math.log(sum);
    }
    return rows;
  }

  private static double cdf(double edge, double mean, double scale) {
    return 1 / (1 + Math.exp(-(edge - mean) / scale));
  }

  private static double[] logistic(double[] mean, double[] logScale) {
    double[] rows = new double[ROWS];
    for (int i = 0; i < mean.length; i++) {
      double s = Math.exp(logScale[i % logScale.length]);
      int level = LEVELS.array()[point(i)] & 255;
      double upper = level == 255 ? 1 : cdf((level + 0.5) / 255, mean[i], s);
      double lower = level == 0 ? 0 : cdf((level - 0.5) / 255, mean[i], s);
      rows[i / N] += Math.log(upper - lower);
    }
    return rows;
  }

  @Test
  void continuousBernoulli() {
    Tensor logits = TapeCheck.normal(1, 2, ROWS, N);
    TapeCheck.check(
        "pixels",
        (tape, p) -> Formulas.project(tape, DensityOps.continuousBernoulli(tape, p[0], LEVELS)),
        p -> Formulas.project(continuousBernoulli(p[0])),
        logits);
    Tensor x = floats();
    TapeCheck.check(
        "floats",
        (tape, p) -> Formulas.project(tape, DensityOps.continuousBernoulli(tape, p[0], x)),
        p -> Formulas.project(continuousBernoulli(p[0])),
        logits);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, N, ROWS * N})
  void ofLocationAndScale(int scales) {
    Tensor mean = TapeCheck.normal(2, 0.4, ROWS, N);
    Tensor logScale =
        scales == ROWS * N ? TapeCheck.normal(3, 0.5, ROWS, N) : TapeCheck.normal(3, 0.5, scales);
    Tensor x = floats();
    TapeCheck.check(
        "laplace",
        (tape, p) -> Formulas.project(tape, DensityOps.laplace(tape, p[0], x, p[1])),
        p -> Formulas.project(laplace(p[0], p[1])),
        mean,
        logScale);
    TapeCheck.check(
        "laplace of pixels",
        (tape, p) -> Formulas.project(tape, DensityOps.laplace(tape, p[0], LEVELS, p[1])),
        p -> Formulas.project(laplace(p[0], p[1])),
        mean,
        logScale);
    TapeCheck.check(
        "discretised logistic",
        (tape, p) ->
            Formulas.project(tape, DensityOps.discretizedLogistic(tape, p[0], LEVELS, p[1])),
        p -> Formulas.project(logistic(p[0], p[1])),
        mean,
        logScale);
  }

  @Test
  void categorical() {
    int c = 5;
    byte[] levels = LEVELS.array().clone();
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) ((levels[i] & 255) % c);
    }
    TapeCheck.check(
        "categorical",
        (tape, p) ->
            Formulas.project(
                tape, DensityOps.categorical(tape, p[0], new ByteTensor(levels, 0, B, N))),
        p -> Formulas.project(categorical(p[0], c)),
        TapeCheck.normal(4, 1, ROWS, N * c));
  }
}
