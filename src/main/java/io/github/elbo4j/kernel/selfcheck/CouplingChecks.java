package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.D;
import static io.github.elbo4j.kernel.selfcheck.Arguments.K;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.flow.SplineKernels;
import io.github.elbo4j.tensor.Tensor;

/** Checks of coupling flows, and of what the networks of autoregressive ones need. */
final class CouplingChecks {
  private static final int BINS = 5;
  private static final float BOUND = 2;

  private CouplingChecks() {}

  static void addTo(Comparison c) {
    c.check("coupling.additive", CouplingChecks::additive);
    c.check("coupling.affine", CouplingChecks::affine);
    c.check("coupling.gated", CouplingChecks::gated);
    c.check("spline.transform", CouplingChecks::spline);
    c.check("dense.mask", CouplingChecks::mask);
    c.check("dense.condition", CouplingChecks::condition);
  }

  /** Every second dimension. */
  private static Tensor everySecond() {
    Tensor mask = Tensor.zeros(D);
    for (int i = 0; i < D; i += 2) {
      mask.array()[i] = 1;
    }
    return mask;
  }

  private static void additive(Backend k, Arguments a) {
    Tensor mask = everySecond();
    Tensor z = a.normal(B, D);
    Tensor t = a.normal(B, D);
    k.coupling().additive(z, t, mask, a.out(B, D));
    k.coupling().additiveInverse(z, t, mask, a.out(B, D));
    k.coupling().additiveBackward(mask, z, a.out(B, D), a.out(B, D));
  }

  private static void affine(Backend k, Arguments a) {
    Tensor mask = everySecond();
    Tensor z = a.normal(B, D);
    Tensor t = a.normal(B, D);
    Tensor s = a.normal(B, D);
    Tensor scale = a.normal(D);
    k.coupling().affine(z, t, s, scale, mask, a.out(B, D), a.out(B));
    k.coupling().affineInverse(z, t, s, scale, mask, a.out(B, D), a.out(B));
    k.coupling()
        .affineBackward(
            z,
            t,
            s,
            scale,
            mask,
            a.normal(B, D),
            a.normal(B),
            a.out(B, D),
            a.out(B, D),
            a.out(B, D),
            a.out(D));
  }

  private static void gated(Backend k, Arguments a) {
    Tensor z = a.normal(B, D);
    Tensor m = a.normal(B, D);
    Tensor s = a.normal(B, D);
    Tensor g = a.normal(B, D);
    Tensor gLog = a.normal(B);
    k.coupling().gated(z, m, s, a.out(B, D), a.out(B));
    k.coupling().gatedInverse(z, m, s, a.out(B, D), a.out(B));
    k.coupling().gatedBackward(z, m, s, g, gLog, a.out(B, D), a.out(B, D), a.out(B, D));
  }

  private static void spline(Backend k, Arguments a) {
    Tensor mask = everySecond();
    int columns = SplineKernels.parameters(BINS, Math.ceilDiv(D, 2));
    Tensor z = a.normal(B, D);
    Tensor params = a.normal(B, columns);
    k.spline().transform(z, params, mask, BINS, BOUND, a.out(B, D), a.out(B));
    k.spline().inverse(z, params, mask, BINS, BOUND, a.out(B, D), a.out(B));
    k.spline()
        .transformBackward(
            z,
            params,
            mask,
            BINS,
            BOUND,
            a.normal(B, D),
            a.normal(B),
            a.out(B, D),
            a.out(B, columns));
  }

  private static void mask(Backend k, Arguments a) {
    Tensor mask = a.normal(B, D);
    for (int i = 0; i < mask.size(); i++) {
      mask.array()[i] = mask.array()[i] > 0 ? 1 : 0;
    }
    k.dense().mask(mask, a.out(B, D));
  }

  private static void condition(Backend k, Arguments a) {
    Tensor y = a.out(B * K, D);
    Tensor x = a.normal(B * K, D);
    k.dense().condition(x, a.normal(B, D), Activation.TANH, null, y);
    Tensor g = a.normal(B * K, D);
    k.dense().conditionBackward(Activation.TANH, null, y, g, a.out(B * K, D), a.out(B, D));
  }
}
