package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.D;
import static io.github.elbo4j.kernel.selfcheck.Arguments.K;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;

/** Checks of full-covariance Gaussians. */
final class CovarianceChecks {
  private static final int PACKED = D * (D - 1) / 2;

  private CovarianceChecks() {}

  static void addTo(Comparison c) {
    c.check("covariance.reparameterize", CovarianceChecks::sample);
    c.check("covariance.logDensity", CovarianceChecks::density);
    c.check("covariance.kl", CovarianceChecks::divergence);
  }

  /** Numbers of standard deviation 1/8: a factor's inverse stays of moderate size. */
  private static Tensor small(Arguments a, int... dims) {
    Tensor t = a.normal(dims);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] *= 0.125f;
    }
    return t;
  }

  private static Tensor factor(Arguments a, int rows) {
    Tensor t = small(a, rows, D * D);
    for (int i = 0; i < rows * D; i++) {
      int diagonal = i * D + i % D;
      t.array()[diagonal] = 0.75f + Math.abs(t.array()[diagonal]);
    }
    return t;
  }

  private static void sample(Backend k, Arguments a) {
    Tensor mu = a.normal(B, D);
    Tensor logSigma = small(a, B, D);
    Tensor lower = small(a, B, PACKED);
    Tensor z = a.out(B * K, D);
    NoiseKey noise = new NoiseKey(9, 1).at(2);
    k.covariance()
        .reparameterize(mu, logSigma, lower, noise, z, a.out(B), a.out(B * K), a.out(B * K));
    k.covariance()
        .reparameterizeBackward(
            mu,
            logSigma,
            lower,
            noise,
            z,
            a.normal(B * K, D),
            a.normal(B),
            a.normal(B * K),
            a.normal(B * K),
            true,
            a.out(B, D),
            a.out(B, D),
            a.out(B, PACKED));
  }

  private static void density(Backend k, Arguments a) {
    Tensor x = a.normal(B * K, D);
    Tensor mu = a.normal(B, D);
    Tensor factor = factor(a, B);
    k.covariance().logDensity(x, mu, factor, a.out(B * K));
    k.covariance()
        .logDensityBackward(
            x, mu, factor, a.normal(B * K), a.out(B * K, D), a.out(B, D), a.out(B, D * D));
    k.covariance().logDensity(x, mu, small(a, B, D), small(a, B, PACKED), a.out(B * K));
  }

  private static void divergence(Backend k, Arguments a) {
    Tensor mu1 = a.normal(B, D);
    Tensor factor1 = factor(a, B);
    Tensor mu2 = a.normal(1, D);
    Tensor factor2 = factor(a, 1);
    k.covariance().kl(mu1, factor1, mu2, factor2, a.out(B));
    k.covariance()
        .klBackward(
            mu1,
            factor1,
            mu2,
            factor2,
            a.normal(B),
            a.out(B, D),
            a.out(B, D * D),
            a.out(1, D),
            a.out(1, D * D));
  }
}
