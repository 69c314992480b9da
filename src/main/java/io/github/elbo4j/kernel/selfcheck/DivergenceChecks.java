package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.D;
import static io.github.elbo4j.kernel.selfcheck.Arguments.N;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.kernel.divergence.DiscrepancyKernels.Kernel;
import io.github.elbo4j.tensor.Tensor;

/** Checks of terms that compare samples. */
final class DivergenceChecks {
  private DivergenceChecks() {}

  static void addTo(Comparison c) {
    for (Weighting weighting : Weighting.values()) {
      c.check("correlation " + weighting, (k, a) -> correlation(k, a, weighting));
    }
    for (Kernel kernel : Kernel.values()) {
      c.check("discrepancy " + kernel, (k, a) -> discrepancy(k, a, kernel));
    }
    c.check("process", DivergenceChecks::process);
  }

  private static void correlation(Backend k, Arguments a, Weighting weighting) {
    Tensor z = a.normal(B, 3);
    Tensor mu = a.normal(B, 3);
    Tensor logVar = a.normal(B, 3);
    Tensor logQ = a.out(B);
    Tensor perDim = a.out(B, 3);
    k.correlation().logDensities(z, mu, logVar, N, weighting, logQ, perDim);
    k.correlation()
        .logDensitiesBackward(
            z,
            mu,
            logVar,
            N,
            weighting,
            logQ,
            perDim,
            a.positive(B),
            a.positive(B, 3),
            a.out(B, 3),
            a.out(B, 3),
            a.out(B, 3));
  }

  private static void discrepancy(Backend k, Arguments a, Kernel kernel) {
    Tensor x = a.normal(N, 3);
    Tensor y = a.normal(B, 3);
    float[] scales = {1, 3};
    k.discrepancy().mmd(x, y, kernel, scales, true, a.out(1));
    k.discrepancy()
        .mmdBackward(x, y, kernel, scales, true, a.positive(1), a.out(N, 3), a.out(B, 3));
  }

  private static void process(Backend k, Arguments a) {
    Tensor x = a.normal(B, 3);
    Tensor y = a.normal(D, 3);
    Tensor logWeight = a.normal(3);
    Tensor logVariance = a.normal(1);
    Tensor matrix = a.out(B, D);
    k.process().ard(x, y, logWeight, logVariance, 0, matrix);
    k.process()
        .ardBackward(
            x,
            y,
            logWeight,
            logVariance,
            a.positive(B, D),
            a.out(B, 3),
            a.out(D, 3),
            a.out(3),
            a.out(1));
    Tensor small = Tensor.zeros(B, D);
    small.fill(0.01f);
    Tensor variance = a.out(D);
    k.process().conditionalVariance(small, logVariance, variance);
    k.process()
        .conditionalVarianceBackward(
            small, logVariance, variance, a.positive(D), a.out(B, D), a.out(1));
    k.process().conditionalCovariance(a.normal(D, D), small, a.out(D, D));
    k.process().conditionalCovarianceBackward(small, a.positive(D, D), a.out(D, D), a.out(B, D));
  }
}
