package io.github.elbo4j.autodiff;

import static io.github.elbo4j.kernel.Doubles.read;
import static io.github.elbo4j.testkit.TapeCheck.check;
import static io.github.elbo4j.testkit.TapeCheck.normal;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.elbo4j.autodiff.CovarianceOps.Want;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Value and gradient of full-covariance Gaussians on the tape against formulas in double. */
class CovarianceOpsTest {
  private static final int B = 3;
  private static final int D = 4;
  private static final int PACKED = 6;

  private final Tensor mu = normal(4, 1, B, D);
  private final Tensor logSigma = normal(5, 0.4, B, D);
  private final Tensor lower = normal(6, 0.6, B, PACKED);

  /** [b, d, d] from the packed form. */
  private static double[] factor(double[] logSigma, double[] lower) {
    double[] l = new double[logSigma.length * D];
    for (int p = 0, next = 0; p < logSigma.length; p++) {
      for (int j = 0; j < p % D; j++) {
        l[p * D + j] = lower[next++];
      }
      l[p * D + p % D] = Math.exp(logSigma[p]);
    }
    return l;
  }

  private static double[] sample(double[] mu, double[] l, double[] eps) {
    double[] z = new double[eps.length];
    int k = eps.length / mu.length;
    for (int i = 0; i < z.length; i++) {
      int p = Formulas.point(i, k, D);
      z[i] = mu[p];
      for (int j = 0; j <= p % D; j++) {
        z[i] += l[p * D + j] * eps[i / D * D + j];
      }
    }
    return z;
  }

  /** log N(x; mu, L·Lᵀ) of each row, by elimination; what is above the diagonal is not used. */
  private static double[] logDensity(double[] x, double[] mu, double[] l) {
    int k = x.length / mu.length;
    double[] y = new double[x.length];
    double[] terms = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int p = Formulas.point(i, k, D);
      y[i] = x[i] - mu[p];
      for (int j = 0; j < p % D; j++) {
        y[i] -= l[p * D + j] * y[i / D * D + j];
      }
      double diagonal = l[p * D + p % D];
      y[i] /= diagonal;
      terms[i] = -0.5 * (y[i] * y[i] + Math.log(2 * Math.PI)) - Math.log(diagonal);
    }
    return Formulas.rowSums(terms, D);
  }

  /** KL to N(0, I) of each point. */
  private static double[] kl(double[] mu, double[] l) {
    double[] kl = new double[mu.length / D];
    for (int p = 0; p < mu.length; p++) {
      kl[p / D] += 0.5 * (mu[p] * mu[p] - 1) - Math.log(l[p * D + p % D]);
      for (int j = 0; j <= p % D; j++) {
        kl[p / D] += 0.5 * l[p * D + j] * l[p * D + j];
      }
    }
    return kl;
  }

  private static double outputs(double[][] p, double[] eps, Want want) {
    double[] l = factor(p[1], p[2]);
    double[] z = sample(p[0], l, eps);
    double[] zeros = new double[z.length];
    double first = Formulas.project(z);
    return switch (want) {
      case SAMPLE -> first;
      case KL -> first + Formulas.project(kl(p[0], l));
      case LOG_DENSITIES, LOG_DENSITIES_STL ->
          first
              + Formulas.project(logDensity(z, p[0], l))
              + Formulas.project(Formulas.logDensity(z, zeros, zeros, 1, D));
    };
  }

  private static Var outputs(Tape tape, CovarianceOps.Sample s, Want want) {
    Var z = Formulas.project(tape, s.z());
    return switch (want) {
      case SAMPLE -> z;
      case KL -> plus(tape, z, Formulas.project(tape, s.kl()));
      case LOG_DENSITIES, LOG_DENSITIES_STL ->
          plus(
              tape,
              plus(tape, z, Formulas.project(tape, s.logQ())),
              Formulas.project(tape, s.logP()));
    };
  }

  private static Var plus(Tape tape, Var a, Var b) {
    return ReduceOps.weightedSum(tape, a, 1, b, 1);
  }

  @ParameterizedTest
  @CsvSource({"SAMPLE,1", "KL,1", "KL,3", "LOG_DENSITIES,1", "LOG_DENSITIES,3"})
  void reparameterize(Want want, int k) {
    Tensor eps = Tensor.zeros(B * k, D);
    Backends.reference().random().normal(new NoiseKey(77, 5).at(9), 0, eps);
    check(
        "drawn " + want,
        (tape, p) -> {
          NoiseKey moving = new NoiseKey(77, 5).at(9);
          var s = CovarianceOps.reparameterize(tape, p[0], p[1], p[2], moving, k, want);
          moving.at(10); // the backward pass draws what the forward pass drew
          return outputs(tape, s, want);
        },
        p -> outputs(p, read(eps), want),
        mu,
        logSigma,
        lower);
    check(
        "given " + want,
        (tape, p) ->
            outputs(tape, CovarianceOps.reparameterize(tape, p[0], p[1], p[2], eps, want), want),
        p -> outputs(p, read(eps), want),
        mu,
        logSigma,
        lower);
  }

  /** The formula whose gradient is meant holds the parameters inside log q fixed. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void stickingTheLanding(int k) {
    Tensor eps = normal(22, 1, B * k, D);
    double[] fixed = factor(read(logSigma), read(lower));
    double[] zeros = new double[B * k * D];
    Want want = Want.LOG_DENSITIES_STL;
    check(
        "sticking the landing",
        (tape, p) ->
            outputs(tape, CovarianceOps.reparameterize(tape, p[0], p[1], p[2], eps, want), want),
        p -> {
          double[] z = sample(p[0], factor(p[1], p[2]), read(eps));
          return Formulas.project(z)
              + Formulas.project(logDensity(z, read(mu), fixed))
              + Formulas.project(Formulas.logDensity(z, zeros, zeros, 1, D));
        },
        mu,
        logSigma,
        lower);
  }

  private static Tensor fullFactor(long seed, int rows) {
    Tensor l = normal(seed, 0.5, rows, D * D);
    for (int p = 0; p < rows * D; p++) {
      l.array()[p * D + p % D] = 0.8f + Math.abs(l.get(p * D + p % D));
    }
    return l;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void logDensity(int k) {
    Tensor x = normal(7, 1, B * k, D);
    check(
        "packed",
        (tape, p) -> Formulas.project(tape, CovarianceOps.logDensity(tape, p[0], p[1], p[2], p[3])),
        p -> Formulas.project(logDensity(p[0], p[1], factor(p[2], p[3]))),
        x,
        mu,
        logSigma,
        lower);
    Tensor l = fullFactor(8, B);
    check(
        "full",
        (tape, p) -> Formulas.project(tape, CovarianceOps.logDensity(tape, p[0], p[1], p[2])),
        p -> Formulas.project(logDensity(p[0], p[1], p[2])),
        x,
        mu,
        l);
    check(
        "of data",
        (tape, p) ->
            Formulas.project(tape, CovarianceOps.logDensity(tape, Var.constant(x), p[0], p[1])),
        p -> Formulas.project(logDensity(read(x), p[0], p[1])),
        mu,
        l);
    check(
        "under a fixed Gaussian",
        (tape, p) ->
            Formulas.project(
                tape, CovarianceOps.logDensity(tape, p[0], Var.constant(mu), Var.constant(l))),
        p -> Formulas.project(logDensity(p[0], read(mu), read(l))),
        x);
  }

  /**
   * Σ_c of squares of L₂⁻¹·[L₁ | mu₂ − mu₁]: the density of each column, its constants taken off.
   */
  private static double[] kl(double[] mu1, double[] l1, double[] mu2, double[] l2) {
    double[] kl = new double[B];
    for (int b = 0; b < B; b++) {
      int b2 = mu2.length == D ? 0 : b;
      double[] second = java.util.Arrays.copyOfRange(l2, b2 * D * D, (b2 + 1) * D * D);
      double[] columns = new double[(D + 1) * D];
      double logRatio = 0;
      for (int i = 0; i < D; i++) {
        for (int c = 0; c <= i; c++) {
          columns[c * D + i] = l1[(b * D + i) * D + c];
        }
        columns[D * D + i] = mu2[b2 * D + i] - mu1[b * D + i];
        logRatio += Math.log(second[i * D + i] / l1[(b * D + i) * D + i]);
      }
      double[] densities = logDensity(columns, new double[D], second);
      double atZero = logDensity(new double[D], new double[D], second)[0];
      for (double density : densities) {
        kl[b] += atZero - density; // ½‖L₂⁻¹·column‖²
      }
      kl[b] += logRatio - 0.5 * D;
    }
    return kl;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, B})
  void klOfTwo(int rows) {
    Tensor l1 = fullFactor(9, B);
    Tensor mu2 = normal(10, 1, rows, D);
    Tensor l2 = fullFactor(11, rows);
    check(
        "learned second",
        (tape, p) -> Formulas.project(tape, CovarianceOps.kl(tape, p[0], p[1], p[2], p[3])),
        p -> Formulas.project(kl(p[0], p[1], p[2], p[3])),
        mu,
        l1,
        mu2,
        l2);
    check(
        "fixed second",
        (tape, p) ->
            Formulas.project(
                tape, CovarianceOps.kl(tape, p[0], p[1], Var.constant(mu2), Var.constant(l2))),
        p -> Formulas.project(kl(p[0], p[1], read(mu2), read(l2))),
        mu,
        l1);
  }

  @Test
  void refusals() {
    Tape tape = new Tape(Backends.simd());
    Var learned = Var.parameter(mu, Tensor.zeros(B, D));
    Var fixed = Var.constant(logSigma);
    Var below = Var.constant(lower);
    Tensor eps = normal(1, 1, B, D);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CovarianceOps.reparameterize(tape, learned, fixed, below, eps, Want.KL))
        .withMessage(
            "reparameterize: the parameters of a Gaussian must all need a gradient or none");
    NoiseKey key = new NoiseKey(1, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CovarianceOps.reparameterize(tape, fixed, fixed, below, key, 0, Want.KL))
        .withMessage("reparameterize: samples 0 must be >= 1");
    var sample = CovarianceOps.reparameterize(tape, fixed, fixed, below, key, 2, Want.SAMPLE);
    assertThatIllegalStateException()
        .isThrownBy(sample::kl)
        .withMessage("reparameterize: kl was not asked for");
    Var factor = Var.constant(fullFactor(1, B));
    Var learnedFactor = Var.parameter(fullFactor(1, B), Tensor.zeros(B, D * D));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CovarianceOps.kl(tape, fixed, factor, learned, learnedFactor))
        .withMessage("kl: mu2 needs a gradient, so mu1 must need one too");
  }
}
