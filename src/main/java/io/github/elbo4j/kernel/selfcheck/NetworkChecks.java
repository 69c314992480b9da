package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.D;
import static io.github.elbo4j.kernel.selfcheck.Arguments.N;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.dense.ConvShape;
import io.github.elbo4j.kernel.optim.AdamStep;
import io.github.elbo4j.tensor.Tensor;

/** Checks of what a network and its optimiser need. */
final class NetworkChecks {
  private static final ConvShape SHAPE =
      new ConvShape(3, 5, new ConvShape.Axis(9, 3, 2, 1, 2), new ConvShape.Axis(7, 4, 1, 2, 1));

  private NetworkChecks() {}

  static void addTo(Comparison c) {
    for (Activation f : Activation.values()) {
      c.check("dense " + f, (k, a) -> dense(k, a, f));
    }
    c.check("dense.gemm", NetworkChecks::gemm);
    c.check("normalization.softmax", NetworkChecks::softmax);
    c.check("normalization.layerNorm", NetworkChecks::layerNorm);
    c.check("normalization.batchNorm", NetworkChecks::batchNorm);
    for (Activation f : new Activation[] {Activation.TANH, Activation.SILU}) {
      c.check("convolution " + f, (k, a) -> convolution(k, a, f));
      c.check("convolution.transposed " + f, (k, a) -> transposed(k, a, f));
    }
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

  private static void softmax(Backend k, Arguments a) {
    Tensor x = a.normal(B, N);
    Tensor y = a.out(B, N);
    k.normalization().softmax(x, y);
    k.normalization().softmaxBackward(y, a.normal(B, N), a.out(B, N));
    Tensor log = a.out(B, N);
    k.normalization().logSoftmax(x, log);
    k.normalization().logSoftmaxBackward(log, a.normal(B, N), a.out(B, N));
  }

  private static void layerNorm(Backend k, Arguments a) {
    Tensor x = a.normal(B, N);
    Tensor gain = a.normal(N);
    Tensor mean = a.out(B);
    Tensor rstd = a.out(B);
    k.normalization().layerNorm(x, gain, a.normal(N), 1e-3f, a.out(B, N), mean, rstd);
    k.normalization()
        .layerNormBackward(x, gain, mean, rstd, a.normal(B, N), a.out(B, N), a.out(N), a.out(N));
  }

  /** D channels of one element, and of more. */
  private static void batchNorm(Backend k, Arguments a) {
    var norm = k.normalization();
    for (int pixels : new int[] {1, 21}) {
      int n = D * pixels;
      Tensor x = a.normal(B, n);
      Tensor gain = a.normal(D);
      Tensor bias = a.normal(D);
      Tensor mean = a.out(D);
      Tensor rstd = a.out(D);
      Tensor running = a.compared(a.positive(D));
      norm.batchNorm(x, gain, bias, 1e-3f, 0.1f, a.out(D), running, a.out(B, n), mean, rstd);
      Tensor dY = a.normal(B, n);
      norm.batchNormBackward(x, gain, mean, rstd, dY, a.out(B, n), a.out(D), a.out(D));
      Tensor fixed = a.out(D);
      norm.fixedNorm(x, gain, bias, mean, running, 1e-3f, a.out(B, n), fixed);
      norm.fixedNormBackward(x, gain, mean, fixed, dY, a.out(B, n), a.out(D), a.out(D));
    }
  }

  private static void convolution(Backend k, Arguments a, Activation f) {
    int out = SHAPE.outSize();
    Tensor x = a.normal(B, SHAPE.inSize());
    Tensor w = a.normal(5, SHAPE.patch());
    Tensor pre = f.needsPre() ? a.out(B, out) : null;
    Tensor y = a.out(B, out);
    k.convolution().forward(SHAPE, x, w, a.normal(5), f, pre, y);
    Tensor dY = a.compared(a.normal(B, out));
    Tensor dX = a.out(B, SHAPE.inSize());
    Tensor dW = a.out(5, SHAPE.patch());
    k.convolution().backward(SHAPE, x, w, f, pre, y, dY, dY, dX, dW, a.out(5));
  }

  private static void transposed(Backend k, Arguments a, Activation f) {
    int out = SHAPE.inSize();
    Tensor x = a.normal(B, SHAPE.outSize());
    Tensor w = a.normal(5, SHAPE.patch());
    Tensor pre = f.needsPre() ? a.out(B, out) : null;
    Tensor y = a.out(B, out);
    k.convolution().transposed(SHAPE, x, w, a.normal(3), f, pre, y);
    Tensor dY = a.compared(a.normal(B, out));
    Tensor dX = a.out(B, SHAPE.outSize());
    Tensor dW = a.out(5, SHAPE.patch());
    k.convolution().transposedBackward(SHAPE, x, w, f, pre, y, dY, dY, dX, dW, a.out(3));
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
