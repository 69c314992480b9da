package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.D;
import static io.github.elbo4j.kernel.selfcheck.Arguments.K;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;

/** Checks of diagonal Gaussians. */
final class GaussianChecks {
  private GaussianChecks() {}

  static void addTo(Comparison c) {
    c.check("gaussian.reparameterize", GaussianChecks::gaussian);
    c.check("gaussian.klToPrior", GaussianChecks::prior);
    c.check("gaussian.clampLogVar", GaussianChecks::clamp);
  }

  private static void gaussian(Backend k, Arguments a) {
    Tensor mu = a.normal(B, D);
    Tensor logVar = a.normal(B, D);
    Tensor z = a.out(B * K, D);
    NoiseKey noise = new NoiseKey(9, 1).at(2);
    k.gaussian()
        .reparameterize(mu, logVar, noise, z, a.out(B), a.out(B, D), a.out(B * K), a.out(B * K));
    k.gaussian()
        .reparameterizeBackward(
            mu,
            logVar,
            z,
            a.normal(B * K, D),
            a.normal(B),
            a.normal(B, D),
            a.normal(B * K),
            a.normal(B * K),
            true,
            a.out(B, D),
            a.out(B, D));
    Tensor kl = a.out(B);
    k.gaussian().reparameterize(mu, logVar, a.normal(B, D), a.out(B, D), kl, null, null, null);
  }

  private static void clamp(Backend k, Arguments a) {
    Tensor raw = a.normal(B, D);
    k.gaussian().clampLogVar(raw, -1, 1, a.out(B, D));
    k.gaussian().clampLogVarBackward(raw, -1, 1, a.normal(B, D), a.out(B, D));
  }

  private static void prior(Backend k, Arguments a) {
    Tensor mu = a.normal(B, D);
    Tensor logVar = a.normal(B, D);
    Tensor priorMu = a.normal(1, D);
    Tensor priorLogVar = a.normal(1, D);
    k.gaussian().klToPrior(mu, logVar, priorMu, priorLogVar, a.out(B), a.out(B, D));
    k.gaussian()
        .klToPriorBackward(
            mu,
            logVar,
            priorMu,
            priorLogVar,
            a.normal(B),
            a.normal(B, D),
            a.out(B, D),
            a.out(B, D),
            a.out(1, D),
            a.out(1, D));
  }
}
