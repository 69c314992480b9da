package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LaneSystem.W;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link CholeskyKernels} on vectors whose lanes are matrices. Each hook hands its arguments to a
 * task that the thread keeps; a batch that is not in lanes is brought there sixteen matrices at a
 * time ({@link LaneCopy}). The arithmetic is in {@link LaneSystem}.
 */
public final class CholeskySimd extends CholeskyKernels {
  private static final ThreadLocal<FactorTask> FACTOR = ThreadLocal.withInitial(FactorTask::new);
  private static final ThreadLocal<FactorGradientTask> FACTOR_GRADIENT =
      ThreadLocal.withInitial(FactorGradientTask::new);
  private static final ThreadLocal<SolveTask> SOLVE = ThreadLocal.withInitial(SolveTask::new);
  private static final ThreadLocal<SolveGradientTask> SOLVE_GRADIENT =
      ThreadLocal.withInitial(SolveGradientTask::new);

  @Override
  protected void doPack(Tensor x, Tensor packed) {
    int batch = entries(x);
    int n = packed.columns() / W;
    for (int g = 0; g < packed.rows(); g++) {
      int count = Math.min(W, batch - g * W);
      int to = packed.offset() + g * W * n;
      LaneCopy.load(x.array(), x.offset() + g * W * n, n, count, n, packed.array(), to);
      LaneCopy.fillLanes(packed.array(), to, n, count);
    }
  }

  @Override
  protected void doUnpack(Tensor packed, Tensor x) {
    int batch = entries(x);
    int n = packed.columns() / W;
    float[] stage = Scratch.get().floats(0, LaneCopy.stage(1));
    for (int g = 0; g < packed.rows(); g++) {
      int count = Math.min(W, batch - g * W);
      int from = packed.offset() + g * W * n;
      int to = x.offset() + g * W * n;
      LaneCopy.store(packed.array(), from, n, x.array(), to, n, count, stage);
    }
  }

  @Override
  protected void doFactor(MatrixLayout layout, Tensor a, Tensor l, int[] status) {
    FACTOR.get().run(layout, a, l, status);
  }

  @Override
  protected void doFactorBackward(MatrixLayout layout, Tensor l, Tensor dL, Tensor dA) {
    FACTOR_GRADIENT.get().run(layout, l, dL, dA);
  }

  @Override
  protected void doSolve(MatrixLayout layout, LinearSystem system, Tensor l, Tensor y, Tensor x) {
    SOLVE.get().run(layout, system, l, y, x);
  }

  @Override
  protected void doSolveBackward(
      MatrixLayout layout,
      LinearSystem system,
      Tensor l,
      Tensor x,
      Tensor dX,
      @Nullable Tensor dL,
      @Nullable Tensor dY) {
    SOLVE_GRADIENT.get().run(layout, system, l, x, dX, dL, dY);
  }

  @Override
  protected void doLogDet(MatrixLayout layout, Tensor l, Tensor out) {
    int d = order(layout, l);
    int step = layout == MatrixLayout.LANES ? W : 1;
    float[] logs = Scratch.get().floats(0, d);
    for (int b = 0; b < out.size(); b++) {
      int first = first(layout, l, b, d);
      for (int i = 0; i < d; i++) {
        logs[i] = l.array()[first + i * (d + 1) * step];
      }
      SimdMath.log(logs, 0, logs, 0, d);
      double sum = 0;
      for (int i = 0; i < d; i++) {
        sum += logs[i];
      }
      out.array()[out.offset() + b] = (float) (2 * sum);
    }
  }

  @Override
  protected void doLogDetBackward(MatrixLayout layout, Tensor l, Tensor g, Tensor dL) {
    int d = order(layout, l);
    int step = layout == MatrixLayout.LANES ? W : 1;
    for (int b = 0; b < g.size(); b++) {
      int from = first(layout, l, b, d);
      int to = first(layout, dL, b, d);
      float twice = 2 * g.get(b);
      for (int i = 0; i < d; i++) {
        int at = i * (d + 1) * step;
        dL.array()[to + at] += twice / l.array()[from + at];
      }
    }
  }

  /** Index of the first element of matrix b. */
  private static int first(MatrixLayout layout, Tensor t, int b, int d) {
    int n = d * d;
    return t.offset() + (layout == MatrixLayout.LANES ? b / W * n * W + b % W : b * n);
  }
}
