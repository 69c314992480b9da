package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link ImportanceKernels} on vectors. Segments of samples go through short passes ({@link
 * WeightRows}) and into totals ({@link Segments}); the tail index is in {@link TailFit}.
 */
public final class ImportanceSimd extends ImportanceKernels {
  private static final ThreadLocal<BoundForward> BOUND = ThreadLocal.withInitial(BoundForward::new);
  private static final ThreadLocal<BoundBackward> BACKWARD =
      ThreadLocal.withInitial(BoundBackward::new);
  private static final ThreadLocal<StreamPush> PUSH = ThreadLocal.withInitial(StreamPush::new);
  private static final ThreadLocal<StreamFinish> FINISH =
      ThreadLocal.withInitial(StreamFinish::new);
  private static final ThreadLocal<TailFit> TAIL = ThreadLocal.withInitial(TailFit::new);

  @Override
  protected void doBound(
      Tensor logW, float alpha, Tensor bound, @Nullable Tensor weights, @Nullable Tensor ess) {
    BOUND.get().run(logW, alpha, bound, weights, ess);
  }

  @Override
  protected void doBoundBackward(Tensor weights, Tensor dBound, Tensor dLogW) {
    BACKWARD.get().run(weights, dBound, dLogW);
  }

  @Override
  protected void doDoublyReparameterizedBackward(
      Tensor weights, float alpha, Tensor dPath, Tensor dz) {
    BACKWARD.get().run(weights, alpha, dPath, dz);
  }

  @Override
  protected void doPush(BoundStream stream, Tensor logW) {
    PUSH.get().run(stream, logW);
  }

  @Override
  protected void doFinish(BoundStream stream, Tensor bound, @Nullable Tensor ess) {
    FINISH.get().run(stream, bound, ess);
  }

  @Override
  protected void doTailIndex(Tensor logW, Tensor kHat, @Nullable Tensor smoothed) {
    TAIL.get().run(logW, kHat, smoothed);
  }
}
