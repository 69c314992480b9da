package io.github.elbo4j.kernel.covariance;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What is refused, and how that is said. */
class CovarianceContractTest {
  private static final NoiseKey KEY = new NoiseKey(1, 1);
  private static final String SHARE = " must not share memory with ";

  private final CovarianceKernels kernels = Backends.simd().covariance();
  private final Tensor mu = Tensor.zeros(3, 4);
  private final Tensor logs = Tensor.zeros(3, 4);
  private final Tensor lower = Tensor.zeros(3, 6);
  private final Tensor full = Tensor.zeros(3, 16);
  private final Tensor eps = Tensor.zeros(6, 4);
  private final Tensor z = Tensor.zeros(6, 4);
  private final Tensor perPoint = Tensor.zeros(3);
  private final Tensor perRow = Tensor.zeros(6);
  private final Tensor wrong = Tensor.zeros(5, 5);

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void shapesOfSamples() {
    refused(
        () -> kernels.reparameterize(mu, wrong, lower, eps, z, null, null, null),
        "reparameterize: logSigma [5,5] must equal mu [3,4]");
    refused(
        () -> kernels.reparameterize(mu, logs, full, eps, z, null, null, null),
        "reparameterize: lower [3,16] must be [3,6]");
    refused(
        () -> kernels.reparameterize(mu, logs, lower, wrong, z, null, null, null),
        "reparameterize: eps [5,5] must equal z [6,4]");
    refused(
        () -> kernels.reparameterize(mu, logs, lower, KEY, wrong, null, null, null),
        "reparameterize: z [5,5] must have 4 columns");
    refused(
        () -> kernels.reparameterize(mu, logs, lower, KEY, Tensor.zeros(7, 4), null, null, null),
        "reparameterize: z has 7 rows, which must be a whole multiple of the 3 rows of mu");
    refused(
        () -> kernels.reparameterize(mu, logs, lower, KEY, z, perRow, null, null),
        "reparameterize: kl [6] must have 3 elements");
    refused(
        () -> kernels.reparameterize(mu, logs, lower, KEY, z, null, perPoint, null),
        "reparameterize: logQ [3] must have 6 elements");
    refused(
        () -> kernels.reparameterize(mu, logs, lower, KEY, z, null, null, perPoint),
        "reparameterize: logP [3] must have 6 elements");
  }

  @Test
  void shapesOfDensities() {
    refused(
        () -> kernels.logDensity(wrong, mu, logs, lower, perRow),
        "logDensity: x [5,5] must have 4 columns");
    refused(
        () -> kernels.logDensity(z, mu, logs, full, perRow),
        "logDensity: lower [3,16] must be [3,6]");
    refused(
        () -> kernels.logDensity(z, mu, lower, perRow),
        "logDensity: factor [3,6] must have 48 elements");
    refused(
        () -> kernels.logDensity(z, mu, full, perPoint),
        "logDensity: logProb [3] must have 6 elements");
    refused(
        () -> kernels.logDensityBackward(z, mu, full, perRow, null, Tensor.zeros(3, 4), null),
        "logDensityBackward: dMu and dFactor must be given together or not at all");
    refused(
        () ->
            kernels.logDensityBackward(
                z, mu, logs, lower, perRow, null, Tensor.zeros(3, 4), null, Tensor.zeros(3, 6)),
        "logDensityBackward: dMu, dLogSigma and dLower must be given together or not at all");
    refused(
        () -> kernels.logDensityBackward(z, mu, full, perRow, wrong, null, null),
        "logDensityBackward: dX [5,5] must equal x [6,4]");
  }

  @Test
  void shapesOfDivergences() {
    refused(
        () -> kernels.kl(mu, full, wrong, full, perPoint), "kl: mu2 [5,5] must equal mu1 [3,4]");
    refused(
        () -> kernels.kl(mu, lower, mu, full, perPoint), "kl: factor1 [3,6] must have 48 elements");
    refused(
        () -> kernels.kl(mu, full, Tensor.zeros(1, 4), full, perPoint),
        "kl: factor2 [3,16] must have 16 elements");
    refused(() -> kernels.kl(mu, full, mu, full, perRow), "kl: kl [6] must have 3 elements");
    refused(
        () -> kernels.klBackward(mu, full, mu, full, perPoint, z(), f(), z(), null),
        "klBackward: dMu2 and dFactor2 must be given together or not at all");
    refused(
        () -> kernels.klBackward(mu, full, mu, full, perPoint, z(), lower, null, null),
        "klBackward: dFactor1 [3,6] must have 48 elements");
  }

  private static Tensor z() {
    return Tensor.zeros(3, 4);
  }

  private static Tensor f() {
    return Tensor.zeros(3, 16);
  }

  private static Tensor[] apart(int[][] dims) {
    Tensor[] t = new Tensor[dims.length];
    for (int i = 0; i < t.length; i++) {
      int size = 1;
      for (int d : dims[i]) {
        size *= d;
      }
      t[i] = Tensor.of(new float[size + 1], 0, dims[i]);
    }
    return t;
  }

  @FunctionalInterface
  private interface Call {
    void with(Tensor[] t);
  }

  /** Every argument from {@code first} on beside every other: they may be parts of one array. */
  private static void standAlone(
      String method, String[] names, int[][] dims, int first, Call call) {
    for (int out = first; out < names.length; out++) {
      for (int other = 0; other < out; other++) {
        Tensor[] t = apart(dims);
        float[] array = new float[200];
        t[other] = Tensor.of(array, 0, dims[other]);
        t[out] = Tensor.of(array, 1, dims[out]);
        String over = " must be eps itself or share no memory with it";
        boolean inPlace = names[out].equals("z") && names[other].equals("eps");
        refused(
            () -> call.with(t),
            method + ": " + names[out] + (inPlace ? over : SHARE + names[other]));
      }
    }
  }

  @Test
  void everyOutputStandsAlone() {
    int[] p = {3, 4};
    int[] l = {3, 6};
    int[] w = {3, 16};
    int[] r = {3};
    standAlone(
        "reparameterize",
        new String[] {"mu", "logSigma", "lower", "eps", "z", "kl", "logQ", "logP"},
        new int[][] {p, p, l, p, p, r, r, r},
        4,
        t -> kernels.reparameterize(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7]));
    standAlone(
        "reparameterizeBackward",
        new String[] {
          "mu",
          "logSigma",
          "lower",
          "eps",
          "z",
          "dz",
          "dKl",
          "dLogQ",
          "dLogP",
          "dMu",
          "dLogSigma",
          "dLower"
        },
        new int[][] {p, p, l, p, p, p, r, r, r, p, p, l},
        9,
        t ->
            kernels.reparameterizeBackward(
                t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], false, t[9], t[10], t[11]));
    standAlone(
        "logDensity",
        new String[] {"x", "mu", "logSigma", "lower", "logProb"},
        new int[][] {p, p, p, l, r},
        4,
        t -> kernels.logDensity(t[0], t[1], t[2], t[3], t[4]));
    standAlone(
        "logDensityBackward",
        new String[] {
          "x", "mu", "logSigma", "lower", "dLogProb", "dX", "dMu", "dLogSigma", "dLower"
        },
        new int[][] {p, p, p, l, r, p, p, p, l},
        5,
        t -> kernels.logDensityBackward(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8]));
    standAlone(
        "logDensityBackward",
        new String[] {"x", "mu", "factor", "dLogProb", "dX", "dMu", "dFactor"},
        new int[][] {p, p, w, r, p, p, w},
        4,
        t -> kernels.logDensityBackward(t[0], t[1], t[2], t[3], t[4], t[5], t[6]));
    standAlone(
        "kl",
        new String[] {"mu1", "factor1", "mu2", "factor2", "kl"},
        new int[][] {p, w, p, w, r},
        4,
        t -> kernels.kl(t[0], t[1], t[2], t[3], t[4]));
    standAlone(
        "klBackward",
        new String[] {
          "mu1", "factor1", "mu2", "factor2", "dKl", "dMu1", "dFactor1", "dMu2", "dFactor2"
        },
        new int[][] {p, w, p, w, r, p, w, p, w},
        5,
        t -> kernels.klBackward(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8]));
  }
}
