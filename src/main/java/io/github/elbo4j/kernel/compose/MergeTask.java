package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link ComposeKernels#mergeGaussians} and its gradient, in blocks that stay in the L1 cache. */
final class MergeTask extends KernelTask {
  private static final int BLOCK = 1024;

  /** Element operations an element. */
  private static final int WORK = 20;

  private static final ThreadLocal<MergeTask> LOCAL = ThreadLocal.withInitial(MergeTask::new);

  private Tensor mu1 = Tensor.EMPTY;
  private Tensor logVar1 = Tensor.EMPTY;
  private Tensor mu2 = Tensor.EMPTY;
  private Tensor logVar2 = Tensor.EMPTY;
  private boolean backward;
  private @Nullable Tensor mu; // forward: written; backward: its gradient, read
  private @Nullable Tensor logVar;
  private @Nullable Tensor dMu1;
  private @Nullable Tensor dLogVar1;
  private @Nullable Tensor dMu2;
  private @Nullable Tensor dLogVar2;

  private MergeTask() {}

  /** Of the two Gaussians of the next {@link #forward} or {@link #backward}. */
  static MergeTask of(Tensor mu1, Tensor logVar1, Tensor mu2, Tensor logVar2) {
    MergeTask task = LOCAL.get();
    task.mu1 = mu1;
    task.logVar1 = logVar1;
    task.mu2 = mu2;
    task.logVar2 = logVar2;
    return task;
  }

  void forward(Tensor mean, Tensor logVariance) {
    backward = false;
    mu = mean;
    logVar = logVariance;
    fork();
  }

  void backward(
      @Nullable Tensor dMu,
      @Nullable Tensor dLogVar,
      @Nullable Tensor toMu1,
      @Nullable Tensor toLogVar1,
      @Nullable Tensor toMu2,
      @Nullable Tensor toLogVar2) {
    backward = true;
    mu = dMu;
    logVar = dLogVar;
    dMu1 = toMu1;
    dLogVar1 = toLogVar1;
    dMu2 = toMu2;
    dLogVar2 = toLogVar2;
    fork();
  }

  private void fork() {
    fork(Math.ceilDiv(mu1.size(), BLOCK), (long) WORK * mu1.size());
  }

  @Override
  protected void forget() {
    mu1 = Tensor.EMPTY;
    logVar1 = Tensor.EMPTY;
    mu2 = Tensor.EMPTY;
    logVar2 = Tensor.EMPTY;
    mu = null;
    logVar = null;
    dMu1 = null;
    dLogVar1 = null;
    dMu2 = null;
    dLogVar2 = null;
  }

  @Override
  public void run(int block) {
    int at = block * BLOCK;
    int n = Math.min(BLOCK, mu1.size() - at);
    Scratch scratch = Scratch.get();
    float[] e = scratch.floats(0, BLOCK);
    float[] w1 = scratch.floats(1, BLOCK);
    float[] w2 = scratch.floats(2, BLOCK);
    float[] v1 = logVar1.array();
    float[] v2 = logVar2.array();
    int v1At = logVar1.offset() + at;
    int v2At = logVar2.offset() + at;
    MergeRows.ratio(v1, v1At, v2, v2At, e, n);
    MergeRows.weights(e, v1, v1At, v2, v2At, w1, w2, n);
    if (backward) {
      gradients(at, n, w1, w2, e);
    } else {
      outputs(at, n, w1, w2, e);
    }
  }

  private void outputs(int at, int n, float[] w1, float[] w2, float[] e) {
    Tensor mean = mu;
    Tensor logVariance = logVar;
    if (mean == null || logVariance == null) {
      return;
    }
    MergeRows.mean(
        mu1.array(),
        mu1.offset() + at,
        w1,
        mu2.array(),
        mu2.offset() + at,
        w2,
        mean.array(),
        mean.offset() + at,
        n);
    SimdMath.log1p(e, 0, e, 0, n);
    MergeRows.logVar(
        logVar1.array(),
        logVar1.offset() + at,
        logVar2.array(),
        logVar2.offset() + at,
        e,
        logVariance.array(),
        logVariance.offset() + at,
        n);
  }

  private void gradients(int at, int n, float[] w1, float[] w2, float[] t) {
    Tensor dMu = mu;
    if (dMu != null) {
      product(dMu, w1, at, n, dMu1);
      product(dMu, w2, at, n, dMu2);
      float[] g = dMu.array();
      int gAt = dMu.offset() + at;
      MergeRows.shift(
          g, gAt, w1, w2, mu1.array(), mu1.offset() + at, mu2.array(), mu2.offset() + at, t, n);
      scaled(t, -1, at, n, dLogVar1);
      scaled(t, 1, at, n, dLogVar2);
    }
    Tensor dLogVar = logVar;
    if (dLogVar != null) {
      product(dLogVar, w1, at, n, dLogVar1);
      product(dLogVar, w2, at, n, dLogVar2);
    }
  }

  private static void product(Tensor g, float[] w, int at, int n, @Nullable Tensor to) {
    if (to != null) {
      ComposeRows.addProduct(g.array(), g.offset() + at, w, 0, to.array(), to.offset() + at, n);
    }
  }

  private static void scaled(float[] t, float by, int at, int n, @Nullable Tensor to) {
    if (to != null) {
      ComposeRows.addScaled(t, 0, by, to.array(), to.offset() + at, n);
    }
  }
}
