package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.flow.CouplingReference.Gradients;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import java.util.ArrayList;
import java.util.List;

/** Gradient checks of {@link CouplingReference}. */
final class CouplingGradients {
  private CouplingGradients() {}

  private static final int ROWS = 4;
  private static final int D = 5;
  private static final double[] MASK = {1, 0, 1, 1, 0};
  private static final double[] SCALE = {0.7, 2, -1.3, 1.9, 1};
  private static final double[] Z = GradCheck.random(1, ROWS * D, 1);
  private static final double[] T = GradCheck.random(2, ROWS * D, 1);
  private static final double[] S = GradCheck.random(3, ROWS * D, 1);
  private static final double[] TO_OUT = GradCheck.random(4, ROWS * D, 1);
  private static final double[] TO_LOG_DET = GradCheck.random(5, ROWS, 1);

  static List<GradCase> all() {
    List<GradCase> cases = new ArrayList<>();
    for (int sign : new int[] {1, -1}) {
      String label = sign > 0 ? "step" : "inverse";
      cases.add(new GradCase("coupling.additiveBackward", label, () -> additive(sign)));
      cases.add(new GradCase("coupling.affineBackward", label, () -> affine(sign)));
      cases.add(new GradCase("coupling.gatedBackward", label, () -> gated(sign)));
    }
    return cases;
  }

  private static Gradients zeros() {
    return new Gradients(
        TO_OUT,
        TO_LOG_DET,
        new double[ROWS * D],
        new double[ROWS * D],
        new double[ROWS * D],
        new double[D]);
  }

  /** The hook itself: its reference is a line. */
  private static void additive(int sign) {
    Tensor dOut = Tensor.zeros(ROWS, D);
    Tensor mask = Tensor.zeros(D);
    Doubles.write(TO_OUT, dOut);
    Doubles.write(MASK, mask);
    Tensor dZ = Tensor.zeros(ROWS, D);
    Tensor dT = Tensor.zeros(ROWS, D);
    new CouplingReference().doAdditiveBackward(mask, sign < 0, dOut, dZ, dT);
    double[] weights = Doubles.read(dOut);
    GradCheck.check(
        "dZ",
        Z,
        Doubles.read(dZ),
        x -> GradCheck.dot(weights, CouplingReference.additive(x, T, MASK, sign)));
    GradCheck.check(
        "dT",
        T,
        Doubles.read(dT),
        x -> GradCheck.dot(weights, CouplingReference.additive(Z, x, MASK, sign)));
  }

  private static double affine(double[] z, double[] t, double[] s, double[] scale, int sign) {
    return GradCheck.dot(TO_OUT, CouplingReference.affine(z, t, s, scale, MASK, sign))
        + GradCheck.dot(TO_LOG_DET, CouplingReference.affineLogDet(s, scale, MASK, sign, ROWS));
  }

  private static void affine(int sign) {
    Gradients g = zeros();
    CouplingReference.affineBackward(Z, T, S, SCALE, MASK, sign, g);
    GradCheck.check("dZ", Z, g.dZ(), x -> affine(x, T, S, SCALE, sign));
    GradCheck.check("dT", T, g.dT(), x -> affine(Z, x, S, SCALE, sign));
    GradCheck.check("dS", S, g.dS(), x -> affine(Z, T, x, SCALE, sign));
    GradCheck.check("dScale", SCALE, g.dScale(), x -> affine(Z, T, S, x, sign));
  }

  private static double gated(double[] z, double[] m, double[] s, int sign) {
    return GradCheck.dot(TO_OUT, CouplingReference.gated(z, m, s, sign))
        + GradCheck.dot(TO_LOG_DET, CouplingReference.gatedLogDet(s, sign, ROWS));
  }

  private static void gated(int sign) {
    Gradients g = zeros();
    CouplingReference.gatedBackward(Z, T, S, sign, g);
    GradCheck.check("dZ", Z, g.dZ(), x -> gated(x, T, S, sign));
    GradCheck.check("dM", T, g.dT(), x -> gated(Z, x, S, sign));
    GradCheck.check("dS", S, g.dS(), x -> gated(Z, T, x, sign));
  }
}
