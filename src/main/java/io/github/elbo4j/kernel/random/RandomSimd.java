package io.github.elbo4j.kernel.random;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;

/** {@link RandomKernels} on vectors, large arrays cut into blocks for the team of threads. */
public final class RandomSimd extends RandomKernels {
  private static final ThreadLocal<Fill> FILL = ThreadLocal.withInitial(Fill::new);
  private static final ThreadLocal<Dropout> DROPOUT = ThreadLocal.withInitial(Dropout::new);

  @Override
  protected void doBits(NoiseKey key, long first, int[] out, int from, int n) {
    PhiloxSimd.bits(key, first, out, from, n);
  }

  @Override
  protected void doUniform(NoiseKey key, long first, Tensor out) {
    FILL.get().run(false, key, first, out);
  }

  @Override
  protected void doNormal(NoiseKey key, long first, Tensor out) {
    FILL.get().run(true, key, first, out);
  }

  @Override
  protected void doDropout(Tensor x, float p, NoiseKey noise, Tensor y) {
    DROPOUT.get().run(x, p, noise, false, y);
  }

  @Override
  protected void doDropoutBackward(Tensor dY, float p, NoiseKey noise, Tensor dX) {
    DROPOUT.get().run(dY, p, noise, true, dX);
  }

  private static final class Fill extends KernelTask {
    private static final int BLOCK = 16384;
    private static final float[] NONE = {};

    private boolean normal;
    private NoiseKey key = new NoiseKey(0, 0);
    private long first;
    private float[] out = NONE;
    private int from;
    private int n;

    void run(boolean normals, NoiseKey noise, long firstElement, Tensor target) {
      normal = normals;
      key = noise;
      first = firstElement;
      out = target.array();
      from = target.offset();
      n = target.size();
      fork(Math.ceilDiv(n, BLOCK), 10L * n);
    }

    @Override
    protected void forget() {
      out = NONE;
    }

    @Override
    public void run(int block) {
      int at = block * BLOCK;
      int count = Math.min(BLOCK, n - at);
      if (normal) {
        PhiloxSimd.normals(key, first + at, out, from + at, count);
      } else {
        PhiloxSimd.uniforms(key, first + at, out, from + at, count);
      }
    }
  }
}
