package io.github.elbo4j.kernel.random;

import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import jdk.incubator.vector.FloatVector;

/** Dropout forward and backward: the uniforms of a block, and the product while they are in L1. */
final class Dropout extends KernelTask {
  private static final int BLOCK = 4096;
  private static final int L = SimdMath.L;
  private static final NoiseKey NO_NOISE = new NoiseKey(0, 0);

  private Tensor x = Tensor.EMPTY;
  private Tensor y = Tensor.EMPTY;
  private NoiseKey noise = NO_NOISE;
  private float p;
  private float scale;
  private boolean add;

  /** {@code to = from·mask}, or {@code to += from·mask}. */
  void run(Tensor from, float probability, NoiseKey key, boolean accumulate, Tensor to) {
    x = from;
    y = to;
    noise = key;
    p = probability;
    scale = (float) (1 / (1 - (double) probability));
    add = accumulate;
    fork(Math.ceilDiv(from.size(), BLOCK), 10L * from.size());
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    y = Tensor.EMPTY;
    noise = NO_NOISE;
  }

  @Override
  public void run(int block) {
    int at = block * BLOCK;
    int n = Math.min(BLOCK, x.size() - at);
    float[] u = Scratch.get().floats(0, BLOCK);
    PhiloxSimd.uniforms(noise, at, u, 0, n);
    if (add) {
      accumulate(x.array(), x.offset() + at, u, p, scale, y.array(), y.offset() + at, n);
    } else {
      multiply(x.array(), x.offset() + at, u, p, scale, y.array(), y.offset() + at, n);
    }
  }

  private static void multiply(
      float[] x, int from, float[] u, float p, float scale, float[] y, int to, int n) {
    FloatVector kept = FloatVector.broadcast(SimdMath.F, scale);
    FloatVector zero = FloatVector.zero(SimdMath.F);
    FloatVector limit = FloatVector.broadcast(SimdMath.F, p);
    int full = SimdMath.F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector drawn = FloatVector.fromArray(SimdMath.F, u, i);
      FloatVector mask = kept.blend(zero, drawn.compare(LT, limit));
      mask.mul(FloatVector.fromArray(SimdMath.F, x, from + i)).intoArray(y, to + i);
    }
    for (int i = full; i < n; i++) {
      y[to + i] = x[from + i] * (u[i] < p ? 0 : scale);
    }
  }

  private static void accumulate(
      float[] dY, int from, float[] u, float p, float scale, float[] dX, int to, int n) {
    FloatVector kept = FloatVector.broadcast(SimdMath.F, scale);
    FloatVector zero = FloatVector.zero(SimdMath.F);
    FloatVector limit = FloatVector.broadcast(SimdMath.F, p);
    int full = SimdMath.F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector drawn = FloatVector.fromArray(SimdMath.F, u, i);
      FloatVector mask = kept.blend(zero, drawn.compare(LT, limit));
      FloatVector g = FloatVector.fromArray(SimdMath.F, dY, from + i);
      g.fma(mask, FloatVector.fromArray(SimdMath.F, dX, to + i)).intoArray(dX, to + i);
    }
    for (int i = full; i < n; i++) {
      dX[to + i] = Math.fma(dY[from + i], u[i] < p ? 0 : scale, dX[to + i]);
    }
  }
}
