package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.D;
import static io.github.elbo4j.kernel.selfcheck.Arguments.K;
import static io.github.elbo4j.kernel.selfcheck.Arguments.N;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;

/** Checks of the pieces that put kernels together. */
final class ComposeChecks {
  private ComposeChecks() {}

  static void addTo(Comparison c) {
    c.check("compose.elements", ComposeChecks::elements);
    c.check("compose.columns", ComposeChecks::columns);
    c.check("compose.rowSums", ComposeChecks::rowSums);
    c.check("compose.mergeGaussians", ComposeChecks::merge);
    c.check("compose.covariancePenalty", ComposeChecks::penalty);
    c.check(
        "compose.shuffleColumns",
        (k, a) -> k.compose().shuffleColumns(a.normal(N, D), new NoiseKey(3, 7), a.out(N, D)));
  }

  private static void elements(Backend k, Arguments a) {
    Tensor x = a.normal(B, D);
    k.compose().addScaled(x, -0.5f, null, a.out(B, D));
    k.compose().addScaled(x, -0.5f, a.normal(1), a.out(B, D));
    k.compose().addProduct(x, a.normal(B, D), a.out(B, D));
  }

  private static void columns(Backend k, Arguments a) {
    k.compose().addColumns(a.normal(B, D), 2, a.out(B * K, N), 5, D - 3);
    k.compose().addColumnsBackward(a.normal(B * K, N), 5, a.out(B, D), 2, D - 3);
  }

  private static void rowSums(Backend k, Arguments a) {
    k.compose().addRowSums(a.normal(B, N), a.out(B));
    k.compose().addRowSumsBackward(a.normal(B), a.out(B, N));
  }

  private static void merge(Backend k, Arguments a) {
    Tensor mu1 = a.normal(B, D);
    Tensor logVar1 = a.normal(B, D);
    Tensor mu2 = a.normal(B, D);
    Tensor logVar2 = a.normal(B, D);
    k.compose().mergeGaussians(mu1, logVar1, mu2, logVar2, a.out(B, D), a.out(B, D));
    k.compose()
        .mergeGaussiansBackward(
            mu1,
            logVar1,
            mu2,
            logVar2,
            a.normal(B, D),
            a.normal(B, D),
            a.out(B, D),
            a.out(B, D),
            a.out(B, D),
            a.out(B, D));
  }

  private static void penalty(Backend k, Arguments a) {
    Tensor mu = a.normal(N, D);
    k.compose().covariancePenalty(mu, 0.7f, 1.3f, a.out(1));
    k.compose().covariancePenaltyBackward(mu, 0.7f, 1.3f, a.normal(1), a.out(N, D));
  }
}
