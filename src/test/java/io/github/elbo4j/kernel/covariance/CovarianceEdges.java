package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.List;

/** Log standard deviations at and beyond the ends of float32, one a data point. */
final class CovarianceEdges {
  private static final float[] EDGES = {
    40,
    44.3f,
    50,
    88.5f,
    89,
    100,
    Float.POSITIVE_INFINITY,
    -50,
    -89,
    -100,
    Float.NEGATIVE_INFINITY,
    Float.NaN
  };

  private static final int D = SimdMath.L + 3;
  private static final int B = 2 * EDGES.length;
  private static final int PACKED = D * (D - 1) / 2;
  private static final Tolerance EDGE = new Tolerance(1e-4, 1e-4);

  private CovarianceEdges() {}

  static List<KernelCase> all() {
    return List.of(forward(), backward(true), backward(false));
  }

  /** Each edge in the first dimension of a point, and in the last one of another. */
  private static Tensor logSigma(Fixture f) {
    Tensor t = f.uniform("logSigma", -1, 0.5, B, D);
    for (int b = 0; b < B; b++) {
      t.array()[t.offset() + b * D + b % 2 * (D - 1)] = EDGES[b / 2];
    }
    return t;
  }

  private static KernelCase forward() {
    return KernelCase.of(
        "covariance.reparameterize",
        "edges",
        f -> {
          Tensor mu = f.input("mu", B, D);
          Tensor logSigma = logSigma(f);
          Tensor lower = f.uniform("lower", -0.5, 0.5, B, PACKED);
          Tensor eps = f.input("eps", B, D);
          Tensor z = f.output("z", EDGE, B, D);
          Tensor kl = f.output("kl", EDGE, B);
          Tensor logQ = f.output("logQ", EDGE, B);
          Tensor logP = f.output("logP", EDGE, B);
          return k -> k.covariance().reparameterize(mu, logSigma, lower, eps, z, kl, logQ, logP);
        });
  }

  /** One gradient at a time: two infinite ones of different signs have no sum. */
  private static KernelCase backward(boolean divergence) {
    return KernelCase.of(
        "covariance.reparameterizeBackward",
        "edges " + (divergence ? "dkl" : "dz and dlogQ"),
        f -> {
          Tensor mu = f.input("mu", B, D);
          Tensor logSigma = logSigma(f);
          Tensor lower = f.uniform("lower", -0.5, 0.5, B, PACKED);
          Tensor eps = f.input("eps", B, D);
          Tensor z = f.input("z", B, D);
          Tensor dz = divergence ? null : f.input("dz", B, D);
          Tensor dLogQ = divergence ? null : f.input("dLogQ", B);
          Tensor dKl = divergence ? f.input("dKl", B) : null;
          Tensor dMu = f.accumulated("dMu", EDGE, B, D);
          Tensor dLog = f.accumulated("dLogSigma", EDGE, B, D);
          Tensor dLower = f.accumulated("dLower", EDGE, B, PACKED);
          return k ->
              k.covariance()
                  .reparameterizeBackward(
                      mu, logSigma, lower, eps, z, dz, dKl, dLogQ, null, false, dMu, dLog, dLower);
        });
  }
}
