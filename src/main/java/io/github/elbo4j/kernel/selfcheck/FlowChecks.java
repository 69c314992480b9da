package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.D;
import static io.github.elbo4j.kernel.selfcheck.Arguments.K;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;

/** Checks of flows. */
final class FlowChecks {
  private FlowChecks() {}

  private static final int STEPS = 2;

  static void addTo(Comparison c) {
    for (int points : new int[] {1, B}) {
      String which = points == 1 ? " shared" : " amortised";
      c.check("flow.planar" + which, (k, a) -> planar(k, a, points));
      c.check("flow.radial" + which, (k, a) -> radial(k, a, points));
      c.check("flow.householder" + which, (k, a) -> householder(k, a, points));
      c.check("sylvester.sylvester" + which, (k, a) -> sylvester(k, a, points));
    }
  }

  /** Rows of norm 1 or so, so that an error does not grow. */
  private static Tensor small(Arguments a, int... dims) {
    Tensor t = a.normal(dims);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] *= 0.2f;
    }
    return t;
  }

  private static void planar(Backend k, Arguments a, int points) {
    Tensor z = a.normal(B * K, D);
    Tensor u = small(a, points, STEPS * D);
    Tensor w = small(a, points, STEPS * D);
    Tensor b = a.normal(points, STEPS);
    Tensor dw = a.out(points, STEPS * D);
    Tensor g = a.normal(B * K, D);
    Tensor l = a.normal(B * K);
    k.flow().planar(z, u, w, b, a.out(B * K, D), a.out(B * K));
    k.flow()
        .planarBackward(
            z, u, w, b, g, l, a.out(B * K, D), a.out(points, STEPS * D), dw, a.out(points, STEPS));
    k.flow().planarInverse(z, u, w, b, a.out(B * K, D), a.out(B * K));
  }

  private static void radial(Backend k, Arguments a, int points) {
    Tensor z = a.normal(B * K, D);
    Tensor z0 = a.normal(points, D);
    Tensor alpha = a.normal(points);
    Tensor beta = a.normal(points);
    Tensor g = a.normal(B * K, D);
    Tensor l = a.normal(B * K);
    Tensor dz0 = a.out(points, D);
    k.flow().radial(z, z0, alpha, beta, a.out(B * K, D), a.out(B * K));
    k.flow()
        .radialBackward(
            z, z0, alpha, beta, g, l, a.out(B * K, D), dz0, a.out(points), a.out(points));
    k.flow().radialInverse(z, z0, alpha, beta, a.out(B * K, D), a.out(B * K));
  }

  private static void householder(Backend k, Arguments a, int points) {
    Tensor z = a.normal(B * K, D);
    Tensor v = a.normal(points, STEPS * D);
    Tensor g = a.normal(B * K, D);
    k.flow().householder(z, v, a.out(B * K, D));
    k.flow().householderInverse(z, v, a.out(B * K, D));
    k.flow().householderBackward(z, v, g, a.out(B * K, D), a.out(points, STEPS * D));
  }

  private static void sylvester(Backend k, Arguments a, int points) {
    Tensor z = a.normal(B * K, D);
    Tensor v = a.normal(points, STEPS * D);
    Tensor r1 = small(a, points, D * D);
    Tensor r2 = small(a, points, D * D);
    Tensor b = a.normal(points, D);
    Tensor g = a.normal(B * K, D);
    Tensor l = a.normal(B * K);
    Tensor dv = a.out(points, STEPS * D);
    Tensor dr1 = a.out(points, D * D);
    Tensor dr2 = a.out(points, D * D);
    k.sylvester().sylvester(z, v, r1, r2, b, a.out(B * K, D), a.out(B * K));
    k.sylvester()
        .sylvesterBackward(z, v, r1, r2, b, g, l, a.out(B * K, D), dv, dr1, dr2, a.out(points, D));
    k.sylvester().sylvesterInverse(z, v, r1, r2, b, a.out(B * K, D), a.out(B * K));
  }
}
