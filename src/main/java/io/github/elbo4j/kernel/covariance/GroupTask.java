package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.T;
import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.tensor.Tensor;

/** A kernel on groups of sixteen matrices, in either layout; a block is a group. */
abstract class GroupTask extends KernelTask {
  /** Floats of right-hand sides that are done together. */
  private static final int SIDES = 1 << 19;

  private MatrixLayout layout = MatrixLayout.LANES;
  private int entries;

  /** Order. */
  protected int d;

  /** The order that has room for whole tiles. */
  protected int d4;

  /**
   * From a row of a work array to the next: whole blocks of a transposition, and two vectors more,
   * since rows a multiple of 4096 bytes apart compete for the same lines of the cache.
   */
  protected int row;

  /** The batch is in lanes and whole tiles fit: no copy is needed. */
  protected boolean direct;

  /** Runs on the matrices of {@code l}; {@code work} operations each. */
  protected final void run(MatrixLayout layoutOfAll, Tensor l, long work) {
    layout = layoutOfAll;
    entries = CholeskyKernels.entries(l);
    boolean lanes = layout == MatrixLayout.LANES;
    int groups = lanes ? entries : Math.ceilDiv(entries, W);
    fork(groups, groups * work);
  }

  /** Sets what follows from the order; called before {@link #run}. */
  protected final void order(MatrixLayout layoutOfAll, Tensor l) {
    d = CholeskyKernels.order(layoutOfAll, l);
    d4 = Math.ceilDiv(d, T) * T;
    row = (LaneCopy.whole(d) + 2) * W;
    direct = layoutOfAll == MatrixLayout.LANES && d == d4;
  }

  @Override
  public final void run(int block) {
    boolean lanes = layout == MatrixLayout.LANES;
    LaneSystem system = LaneSystem.get();
    try {
      group(system, block, lanes ? W : Math.min(W, entries - block * W));
    } finally {
      system.forget();
    }
  }

  /** Does a group of {@code count} matrices. */
  protected abstract void group(LaneSystem system, int group, int count);

  /** Index of the group's first element. */
  protected final int at(Tensor t, int group) {
    return t.offset() + group * W * CholeskyKernels.elements(layout, t);
  }

  /** Elements from a matrix to the next, 0 in lanes. */
  protected final int each(Tensor t) {
    return layout == MatrixLayout.LANES ? 0 : CholeskyKernels.elements(layout, t);
  }

  /**
   * Right-hand sides that are done together, all of them unless they are many: so that what is
   * worked on stays in the cache, and no work array is as large as sixteen times the batch.
   */
  protected final int sides(int m) {
    return Math.min(m, Math.max(T, SIDES / (d4 * W) / T * T));
  }

  /** Floats of a work array for square matrices. */
  protected final int square() {
    return d4 * row;
  }
}
