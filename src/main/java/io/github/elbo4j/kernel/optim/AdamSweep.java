package io.github.elbo4j.kernel.optim;

import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The Adam step over blocks of the flat buffer: four streams are read and written once. Every
 * operation is correctly rounded and elementwise, so an element has the same bits in a vector and
 * in the tail.
 */
final class AdamSweep extends KernelTask {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;
  private static final int BLOCK = 16384;

  private Tensor param = Tensor.EMPTY;
  private Tensor grad = Tensor.EMPTY;
  private Tensor m = Tensor.EMPTY;
  private Tensor v = Tensor.EMPTY;
  private float scale;
  private float share1;
  private float share2;
  private float stepSize;
  private float epsilon;
  private float decay;
  private int decayed;

  void run(
      Tensor parameters,
      Tensor gradients,
      Tensor firstMoments,
      Tensor secondMoments,
      @Nullable Tensor gradScale,
      AdamStep s) {
    param = parameters;
    grad = gradients;
    m = firstMoments;
    v = secondMoments;
    scale = gradScale == null ? 1f : gradScale.array()[gradScale.offset()];
    share1 = (float) (1 - s.beta1());
    share2 = (float) (1 - s.beta2());
    stepSize = s.stepSize();
    epsilon = s.scaledEpsilon();
    decay = (float) (s.learningRate() * s.weightDecay());
    decayed = s.decayed();
    fork(Math.ceilDiv(param.size(), BLOCK), 3L * param.size());
  }

  @Override
  protected void forget() {
    param = Tensor.EMPTY;
    grad = Tensor.EMPTY;
    m = Tensor.EMPTY;
    v = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int from = block * BLOCK;
    int n = Math.min(BLOCK, param.size() - from);
    int withDecay = Math.clamp((long) decayed - from, 0, n);
    sweep(from, withDecay, decay);
    sweep(from + withDecay, n - withDecay, 0f);
  }

  private void sweep(int from, int n, float decayRate) {
    int full = F.loopBound(n);
    vectors(from, full, decayRate);
    tail(from + full, n - full, decayRate);
  }

  /**
   * The moments move by a share of their distance to the new value, whose rounding leaves the value
   * that they tend to exact; β2·v + (1 − β2)·g² with both factors rounded would not. Subnormal
   * moments become 0: where gradients have long been 0, arithmetic on them made the sweep 3.7 times
   * slower.
   */
  private void vectors(int from, int full, float decayRate) {
    float[] ps = param.array();
    float[] gs = grad.array();
    float[] ms = m.array();
    float[] vs = v.array();
    int pAt = param.offset() + from;
    int gAt = grad.offset() + from;
    int mAt = m.offset() + from;
    int vAt = v.offset() + from;
    FloatVector zero = FloatVector.zero(F);
    FloatVector normal = FloatVector.broadcast(F, Float.MIN_NORMAL);
    FloatVector scales = FloatVector.broadcast(F, scale);
    FloatVector shares1 = FloatVector.broadcast(F, share1);
    FloatVector shares2 = FloatVector.broadcast(F, share2);
    FloatVector sizes = FloatVector.broadcast(F, stepSize);
    FloatVector epsilons = FloatVector.broadcast(F, epsilon);
    FloatVector decays = FloatVector.broadcast(F, decayRate);
    for (int i = 0; i < full; i += L) {
      FloatVector g = FloatVector.fromArray(F, gs, gAt + i).mul(scales);
      FloatVector first = FloatVector.fromArray(F, ms, mAt + i);
      FloatVector second = FloatVector.fromArray(F, vs, vAt + i);
      FloatVector p = FloatVector.fromArray(F, ps, pAt + i);
      first = g.sub(first).fma(shares1, first);
      second = g.mul(g).sub(second).fma(shares2, second);
      first = first.blend(zero, first.abs().compare(LT, normal));
      second = second.blend(zero, second.compare(LT, normal));
      FloatVector ratio = first.div(second.sqrt().add(epsilons));
      p.sub(ratio.fma(sizes, p.mul(decays))).intoArray(ps, pAt + i);
      first.intoArray(ms, mAt + i);
      second.intoArray(vs, vAt + i);
      zero.intoArray(gs, gAt + i);
    }
  }

  private void tail(int from, int n, float decayRate) {
    float[] ps = param.array();
    float[] gs = grad.array();
    float[] ms = m.array();
    float[] vs = v.array();
    for (int i = from; i < from + n; i++) {
      float g = gs[grad.offset() + i] * scale;
      float first = ms[m.offset() + i];
      float second = vs[v.offset() + i];
      float p = ps[param.offset() + i];
      first = Math.fma(g - first, share1, first);
      second = Math.fma(g * g - second, share2, second);
      first = Math.abs(first) < Float.MIN_NORMAL ? 0f : first;
      second = second < Float.MIN_NORMAL ? 0f : second;
      float ratio = first / ((float) Math.sqrt(second) + epsilon);
      ps[param.offset() + i] = p - Math.fma(ratio, stepSize, p * decayRate);
      ms[m.offset() + i] = first;
      vs[v.offset() + i] = second;
      gs[grad.offset() + i] = 0f;
    }
  }
}
