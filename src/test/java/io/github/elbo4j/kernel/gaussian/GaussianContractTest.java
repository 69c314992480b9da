package io.github.elbo4j.kernel.gaussian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What is refused, and how that is said. */
class GaussianContractTest {
  private static final NoiseKey KEY = new NoiseKey(1, 1);
  private static final String SHARE = " must not share memory with ";

  private final GaussianKernels kernels = Backends.simd().gaussian();
  private final Tensor mu = Tensor.zeros(3, 5);
  private final Tensor logVar = Tensor.zeros(3, 5);
  private final Tensor eps = Tensor.zeros(6, 5);
  private final Tensor z = Tensor.zeros(6, 5);
  private final Tensor perPoint = Tensor.zeros(3);
  private final Tensor perRow = Tensor.zeros(6);
  private final Tensor wrong = Tensor.zeros(4, 4);

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void shapesOfTheForwardPass() {
    refused(
        () -> kernels.reparameterize(mu, wrong, eps, z, null, null, null, null),
        "reparameterize: logVar [4,4] must equal mu [3,5]");
    refused(
        () -> kernels.reparameterize(mu, logVar, wrong, z, null, null, null, null),
        "reparameterize: eps [4,4] must equal z [6,5]");
    refused(
        () -> kernels.reparameterize(mu, logVar, KEY, wrong, null, null, null, null),
        "reparameterize: z [4,4] must have 5 columns");
    refused(
        () -> kernels.reparameterize(mu, logVar, KEY, Tensor.zeros(7, 5), null, null, null, null),
        "reparameterize: z has 7 rows, which must be a whole multiple of the 3 rows of mu");
    refused(
        () -> kernels.reparameterize(mu, logVar, KEY, Tensor.zeros(0, 5), null, null, null, null),
        "reparameterize: z has 0 rows, which must be a whole multiple of the 3 rows of mu");
    refused(
        () -> kernels.reparameterize(mu, logVar, eps, z, perRow, null, null, null),
        "reparameterize: kl [6] must have 3 elements");
    refused(
        () -> kernels.reparameterize(mu, logVar, eps, z, null, wrong, null, null),
        "reparameterize: klPerDim [4,4] must equal mu [3,5]");
    refused(
        () -> kernels.reparameterize(mu, logVar, eps, z, null, null, perPoint, null),
        "reparameterize: logQ [3] must have 6 elements");
    refused(
        () -> kernels.reparameterize(mu, logVar, KEY, z, null, null, null, perPoint),
        "reparameterize: logP [3] must have 6 elements");
  }

  @Test
  void aliasesOfTheForwardPass() {
    Tensor oneSample = Tensor.zeros(3, 5);
    refused(
        () -> kernels.reparameterize(mu, logVar, KEY, mu, null, null, null, null),
        "reparameterize: z" + SHARE + "mu");
    refused(
        () -> kernels.reparameterize(mu, logVar, KEY, logVar, null, null, null, null),
        "reparameterize: z" + SHARE + "logVar");
    refused(
        () -> kernels.reparameterize(mu, logVar, KEY, oneSample, null, oneSample, null, null),
        "reparameterize: klPerDim" + SHARE + "z");
    refused(
        () -> kernels.reparameterize(mu, logVar, eps, z, null, mu, null, null),
        "reparameterize: klPerDim" + SHARE + "mu");
    refused(
        () -> kernels.reparameterize(mu, logVar, eps, z, null, null, perRow, perRow),
        "reparameterize: logP" + SHARE + "logQ");
  }

  /**
   * Every output beside every other argument, whatever the shapes: they may be parts of one array.
   */
  @Test
  void everyOutputOfTheForwardPassStandsAlone() {
    String[] names = {"mu", "logVar", "eps", "z", "kl", "klPerDim", "logQ", "logP"};
    int[][] dims = {{6, 5}, {6, 5}, {6, 5}, {6, 5}, {6}, {6, 5}, {6}, {6}};
    for (int out = 3; out < names.length; out++) {
      for (int other = 0; other < out; other++) {
        Tensor[] t = apart(dims);
        t[out] = Tensor.of(t[other].array(), t[other].offset() + 1, dims[out]);
        String over = " must be eps itself or share no memory with it";
        refused(
            () -> kernels.reparameterize(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7]),
            "reparameterize: "
                + names[out]
                + (out == 3 && other == 2 ? over : SHARE + names[other]));
      }
    }
    kernels.reparameterize(mu, logVar, Tensor.of(mu.array(), 0, 3, 5), z(), null, null, null, null);
    kernels.reparameterize(mu, logVar, eps, eps, null, null, null, null);
  }

  @Test
  void everyGradientOfTheBackwardPassStandsAlone() {
    String[] names = {
      "mu", "logVar", "z", "dz", "dKl", "dKlPerDim", "dLogQ", "dLogP", "dLogVar", "dMu"
    };
    int[][] dims = {{6, 5}, {6, 5}, {6, 5}, {6, 5}, {6}, {6, 5}, {6}, {6}, {6, 5}, {6, 5}};
    for (int out = 8; out < names.length; out++) {
      for (int other = 0; other < out; other++) {
        Tensor[] t = apart(dims);
        t[out] = Tensor.of(t[other].array(), t[other].offset(), dims[out]);
        refused(
            () ->
                kernels.reparameterizeBackward(
                    t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], false, t[9], t[8]),
            "reparameterizeBackward: " + names[out] + SHARE + names[other]);
      }
    }
  }

  @Test
  void everyResultOfTheDivergenceToAPriorStandsAlone() {
    String[] names = {
      "mu",
      "logVar",
      "priorMu",
      "priorLogVar",
      "dKl",
      "dKlPerDim",
      "dLogVar",
      "dMu",
      "dPriorLogVar",
      "dPriorMu"
    };
    int[][] dims = {{6, 5}, {6, 5}, {6, 5}, {6, 5}, {6}, {6, 5}, {6, 5}, {6, 5}, {6, 5}, {6, 5}};
    for (int out = 6; out < names.length; out++) {
      for (int other = 0; other < out; other++) {
        Tensor[] t = apart(dims);
        t[out] = Tensor.of(t[other].array(), t[other].offset(), dims[out]);
        refused(
            () ->
                kernels.klToPriorBackward(
                    t[0], t[1], t[2], t[3], t[4], t[5], t[7], t[6], t[9], t[8]),
            "klToPriorBackward: " + names[out] + SHARE + names[other]);
      }
    }
    for (int other = 0; other < 4; other++) {
      Tensor[] t = apart(dims);
      Tensor kl = Tensor.of(t[other].array(), t[other].offset(), 6);
      refused(
          () -> kernels.klToPrior(t[0], t[1], t[2], t[3], kl, null),
          "klToPrior: kl" + SHARE + names[other]);
    }
  }

  /** Tensors with room behind them, each in an array of its own. */
  private static Tensor[] apart(int[][] dims) {
    Tensor[] t = new Tensor[dims.length];
    for (int i = 0; i < t.length; i++) {
      t[i] = Tensor.of(new float[100], 7, dims[i]);
    }
    return t;
  }

  private static Tensor z() {
    return Tensor.zeros(3, 5);
  }

  @Test
  void theBackwardPass() {
    String m = "reparameterizeBackward: ";
    Tensor d = Tensor.zeros(3, 5);
    Tensor e = Tensor.zeros(3, 5);
    refused(
        () ->
            kernels.reparameterizeBackward(
                mu, logVar, z, wrong, null, null, null, null, false, d, e),
        m + "dz [4,4] must equal z [6,5]");
    refused(
        () ->
            kernels.reparameterizeBackward(
                mu, logVar, z, null, perRow, null, null, null, false, d, e),
        m + "dKl [6] must have 3 elements");
    refused(
        () ->
            kernels.reparameterizeBackward(
                mu, logVar, z, null, null, null, null, null, false, wrong, e),
        m + "dMu [4,4] must equal mu [3,5]");
    refused(
        () ->
            kernels.reparameterizeBackward(
                mu, logVar, z, null, null, null, null, null, true, d, wrong),
        m + "dLogVar [4,4] must equal mu [3,5]");
    refused(
        () ->
            kernels.reparameterizeBackward(
                mu, logVar, z, null, null, null, null, null, false, d, d),
        m + "dMu" + SHARE + "dLogVar");
    refused(
        () ->
            kernels.reparameterizeBackward(
                mu, logVar, z, null, null, null, null, null, false, mu, e),
        m + "dMu" + SHARE + "mu");
    refused(
        () ->
            kernels.reparameterizeBackward(
                mu, logVar, z, null, null, null, null, null, false, d, logVar),
        m + "dLogVar" + SHARE + "logVar");
  }

  @Test
  void theDivergenceToAPrior() {
    Tensor shared = Tensor.zeros(5);
    refused(
        () -> kernels.klToPrior(mu, logVar, Tensor.zeros(2, 5), Tensor.zeros(2, 5), perPoint, null),
        "klToPrior: priorMu [2,5] must equal mu [3,5]");
    refused(
        () -> kernels.klToPrior(mu, logVar, Tensor.zeros(4), Tensor.zeros(4), perPoint, null),
        "klToPrior: priorMu [4] must have 5 columns");
    refused(
        () -> kernels.klToPrior(mu, logVar, shared, mu, perPoint, null),
        "klToPrior: priorLogVar [3,5] must equal priorMu [5]");
    refused(
        () -> kernels.klToPrior(mu, wrong, shared, shared, perPoint, null),
        "klToPrior: logVar [4,4] must equal mu [3,5]");
    refused(
        () -> kernels.klToPrior(mu, logVar, shared, shared, perRow, null),
        "klToPrior: kl [6] must have 3 elements");
    refused(
        () -> kernels.klToPrior(mu, logVar, shared, shared, null, mu),
        "klToPrior: klPerDim" + SHARE + "mu");
    Tensor d = Tensor.zeros(3, 5);
    Tensor e = Tensor.zeros(3, 5);
    refused(
        () ->
            kernels.klToPriorBackward(
                mu, logVar, shared, shared, perPoint, null, d, e, shared, null),
        "klToPriorBackward: dPriorMu and dPriorLogVar must be given together or not at all");
    refused(
        () ->
            kernels.klToPriorBackward(mu, logVar, shared, shared, perPoint, null, d, d, null, null),
        "klToPriorBackward: dMu" + SHARE + "dLogVar");
    refused(
        () -> kernels.klToPriorBackward(mu, logVar, shared, shared, perPoint, null, d, e, mu, mu),
        "klToPriorBackward: dPriorMu [3,5] must equal priorMu [5]");
  }

  @Test
  void theClamp() {
    refused(() -> kernels.clampLogVar(mu, 1, 1, logVar), "clampLogVar: low 1.0 must be < high 1.0");
    refused(
        () -> kernels.clampLogVar(mu, Float.NaN, 1, logVar),
        "clampLogVar: low NaN must be < high 1.0");
    refused(
        () -> kernels.clampLogVar(mu, -1, 1, wrong),
        "clampLogVar: bounded [4,4] must equal raw [3,5]");
    Tensor shifted = Tensor.of(new float[20], 0, 3, 5);
    refused(
        () -> kernels.clampLogVar(shifted, -1, 1, Tensor.of(shifted.array(), 1, 3, 5)),
        "clampLogVar: bounded must be raw itself or share no memory with it");
    kernels.clampLogVar(shifted, -1, 1, Tensor.of(shifted.array(), 0, 3, 5));
    refused(
        () -> kernels.clampLogVarBackward(mu, -1, 1, logVar, mu),
        "clampLogVarBackward: dRaw" + SHARE + "raw");
    refused(
        () -> kernels.clampLogVarBackward(mu, -1, 1, wrong, logVar),
        "clampLogVarBackward: dBounded [4,4] must equal raw [3,5]");
  }

  @Test
  void emptyBatchesAreLeftAlone() {
    Tensor none = Tensor.zeros(0, 5);
    Tensor shared = Tensor.zeros(5);
    Tensor dPrior = Tensor.of(new float[] {1, 2, 3, 4, 5}, 0, 5);
    for (GaussianKernels k : new GaussianKernels[] {kernels, Backends.reference().gaussian()}) {
      k.reparameterize(none, none, KEY, Tensor.zeros(0, 5), Tensor.zeros(0), null, null, null);
      k.klToPrior(none, none, shared, shared, Tensor.zeros(0), null);
      k.klToPriorBackward(
          none,
          none,
          shared,
          shared,
          null,
          null,
          Tensor.zeros(0, 5),
          Tensor.zeros(0, 5),
          dPrior,
          Tensor.zeros(5));
      k.clampLogVar(none, -1, 1, Tensor.zeros(0, 5));
      assertThat(dPrior.toArray()).containsExactly(1, 2, 3, 4, 5);
    }
  }
}
