package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** What is computed from the K samples of one data point, over blocks of rows. */
final class SampleRowsTask extends KernelTask {
  private static final int BLOCK = 4096;

  private enum Kind {
    LEAVE_ONE_OUT,
    VIMCO,
    CONTROL_VARIATE
  }

  private Kind kind = Kind.VIMCO;
  private Tensor f = Tensor.EMPTY;
  private @Nullable Tensor h;
  private @Nullable Tensor perRow;
  private @Nullable Tensor out;
  private int samples;
  private int rowsPerBlock;

  void leaveOneOut(Tensor values, Tensor baseline) {
    run(Kind.LEAVE_ONE_OUT, 2, values, null, null, baseline);
  }

  void vimco(Tensor logW, @Nullable Tensor bound, Tensor signal) {
    run(Kind.VIMCO, 30, logW, null, bound, signal);
  }

  void controlVariate(
      Tensor values, Tensor variate, Tensor coefficient, @Nullable Tensor controlled) {
    run(Kind.CONTROL_VARIATE, 4, values, variate, coefficient, controlled);
  }

  private void run(
      Kind what,
      long workAnElement,
      Tensor values,
      @Nullable Tensor variate,
      @Nullable Tensor scalars,
      @Nullable Tensor result) {
    if (values.rows() == 0) {
      return;
    }
    kind = what;
    f = values;
    h = variate;
    perRow = scalars;
    out = result;
    samples = f.columns();
    rowsPerBlock = Math.max(1, BLOCK / samples);
    fork(Math.ceilDiv(f.rows(), rowsPerBlock), workAnElement * f.size());
  }

  @Override
  protected void forget() {
    f = Tensor.EMPTY;
    h = null;
    perRow = null;
    out = null;
  }

  @Override
  public void run(int block) {
    int end = Math.min(f.rows(), (block + 1) * rowsPerBlock);
    Scratch scratch = Scratch.get();
    for (int b = block * rowsPerBlock; b < end; b++) {
      switch (kind) {
        case LEAVE_ONE_OUT -> leaveOneOut(b, scratch);
        case VIMCO -> vimco(b, scratch);
        case CONTROL_VARIATE -> controlVariate(b, scratch);
      }
    }
  }

  private void leaveOneOut(int b, Scratch scratch) {
    int from = f.offset() + b * samples;
    double sum = Lanes.sum(f.array(), from, samples, scratch.floats(1, SimdMath.L));
    if (out != null) {
      int to = out.offset() + b * samples;
      if (Double.isFinite(sum)) {
        ScoreRows.others(sum, f.array(), from, out.array(), to, samples);
      } else {
        ScoreRows.othersOneByOne(f.array(), from, out.array(), to, samples);
      }
    }
  }

  private void vimco(int b, Scratch scratch) {
    int from = f.offset() + b * samples;
    float[] signal = out == null ? scratch.floats(2, samples) : out.array();
    int to = out == null ? 0 : out.offset() + b * samples;
    double bound = Vimco.row(f.array(), from, samples, signal, to, scratch);
    if (perRow != null) {
      perRow.array()[perRow.offset() + b] = (float) bound;
    }
  }

  private void controlVariate(int b, Scratch scratch) {
    if (h == null || perRow == null) {
      throw new IllegalStateException("no control variate");
    }
    int from = f.offset() + b * samples;
    int hFrom = h.offset() + b * samples;
    float coefficient =
        ScoreRows.coefficient(
            f.array(), from, h.array(), hFrom, samples, scratch.floats(1, 4 * SimdMath.L));
    perRow.array()[perRow.offset() + b] = coefficient;
    if (out != null) {
      int to = out.offset() + b * samples;
      ScoreRows.controlled(
          f.array(), from, h.array(), hFrom, coefficient, out.array(), to, samples);
    }
  }
}
