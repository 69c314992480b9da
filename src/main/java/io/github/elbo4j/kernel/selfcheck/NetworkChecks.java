package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.D;
import static io.github.elbo4j.kernel.selfcheck.Arguments.N;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.optim.AdamStep;
import io.github.elbo4j.tensor.Tensor;

/** Checks of what a network and its optimiser need. */
final class NetworkChecks {
  private NetworkChecks() {}

  static void addTo(Comparison c) {
    for (Activation f : Activation.values()) {
      c.check("dense " + f, (k, a) -> dense(k, a, f));
    }
    c.check("dense.gemm", NetworkChecks::gemm);
    c.check("reduce", NetworkChecks::reduce);
    c.check("optim.adam", NetworkChecks::adam);
    c.check("optim.polyak", NetworkChecks::polyak);
  }

  private static void gemm(Backend k, Arguments a) {
    for (boolean transposeA : new boolean[] {false, true}) {
      for (boolean transposeB : new boolean[] {false, true}) {
        Tensor x = transposeA ? a.normal(D, B) : a.normal(B, D);
        Tensor w = transposeB ? a.normal(N, D) : a.normal(D, N);
        k.dense().gemm(x, transposeA, w, transposeB, false, a.out(B, N));
        k.dense().gemm(x, transposeA, w, transposeB, true, a.out(B, N));
      }
    }
  }

  private static void dense(Backend k, Arguments a, Activation f) {
    Tensor x = a.normal(B, N);
    Tensor w = a.normal(N, D);
    Tensor bias = a.normal(D);
    Tensor pre = f.needsPre() ? Tensor.zeros(B, D) : null;
    Tensor y = a.out(B, D);
    Tensor dY = a.compared(a.normal(B, D));
    k.dense().forward(x, w, bias, f, pre, y);
    k.dense().backward(x, w, f, pre, y, dY, dY, true, a.out(B, N), true, a.out(N, D), a.out(D));
  }

  private static void reduce(Backend k, Arguments a) {
    Tensor x = a.normal(B, D);
    k.reduce().addSum(x, 0.5f, a.out(1));
    k.reduce().addSumBackward(a.normal(1), 0.5f, a.out(B, D));
    k.reduce().freeBits(x, 0.1f, 2f, a.out(1));
    k.reduce().freeBitsBackward(x, 0.1f, 2f, a.normal(1), a.out(B, D));
  }

  private static void adam(Backend k, Arguments a) {
    Tensor m = a.out(N);
    Tensor v = a.compared(Tensor.zeros(N));
    v.fill(0.5f);
    k.optim().adam(a.out(N), a.out(N), m, v, null, new AdamStep(1e-2));
    Tensor norm = a.out(1);
    k.optim().squaredNorm(m, norm);
    k.optim().clipScale(norm, 1f, a.out(1));
  }

  private static void polyak(Backend k, Arguments a) {
    k.optim().polyak(a.out(N), a.normal(N), 0.9f);
  }
}
