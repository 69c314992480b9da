package io.github.elbo4j.kernel.optim;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The average of the iterates, over blocks of the flat buffer. */
final class PolyakSweep extends KernelTask {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;
  private static final int BLOCK = 16384;

  private Tensor average = Tensor.EMPTY;
  private Tensor param = Tensor.EMPTY;
  private float decay;

  void run(Tensor averages, Tensor parameters, float averageDecay) {
    average = averages;
    param = parameters;
    decay = averageDecay;
    fork(Math.ceilDiv(param.size(), BLOCK), 2L * param.size());
  }

  @Override
  protected void forget() {
    average = Tensor.EMPTY;
    param = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int from = block * BLOCK;
    int n = Math.min(BLOCK, param.size() - from);
    float[] a = average.array();
    float[] p = param.array();
    int aAt = average.offset() + from;
    int pAt = param.offset() + from;
    FloatVector decays = FloatVector.broadcast(F, decay);
    FloatVector shares = FloatVector.broadcast(F, 1f - decay);
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector fresh = FloatVector.fromArray(F, p, pAt + i).mul(shares);
      FloatVector.fromArray(F, a, aAt + i).fma(decays, fresh).intoArray(a, aAt + i);
    }
    for (int i = full; i < n; i++) {
      a[aAt + i] = Math.fma(a[aAt + i], decay, p[pAt + i] * (1f - decay));
    }
  }
}
