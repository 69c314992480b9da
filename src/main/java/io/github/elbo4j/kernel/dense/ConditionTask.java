package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = f(x[r] + c[b])} and its gradients over blocks of data points: all samples of a point
 * belong to one block, so the gradient of c is summed in one order.
 */
final class ConditionTask extends KernelTask {
  private static final int BLOCK = 4096;

  /** Rows that are added in float32 before a double takes their sum. */
  private static final int CHAIN = 64;

  private static final int L = GemmTile.L;

  private Activation f = Activation.NONE;
  private Tensor x = Tensor.EMPTY;
  private Tensor c = Tensor.EMPTY;
  private Tensor y = Tensor.EMPTY;
  private Tensor argument = Tensor.EMPTY;
  private @Nullable Tensor pre;
  private boolean isBackward;
  private int points;
  private int samples;
  private int pointsPerBlock;

  void forward(
      Tensor input, Tensor shift, Activation activation, @Nullable Tensor sum, Tensor out) {
    isBackward = false;
    x = input;
    c = shift;
    pre = sum;
    y = out;
    start(activation, shift.rows());
  }

  /** {@code from} is what the activation's derivative is a function of. */
  void backward(Activation activation, Tensor from, Tensor dY, Tensor dPre, @Nullable Tensor dC) {
    isBackward = true;
    argument = from;
    x = dY;
    y = dPre;
    c = dC == null ? Tensor.EMPTY : dC;
    start(activation, dC == null ? dPre.rows() : dC.rows());
  }

  private void start(Activation activation, int pointCount) {
    f = activation;
    points = pointCount;
    samples = points == 0 ? 1 : y.rows() / points;
    pointsPerBlock = Math.max(1, BLOCK / Math.max(1, samples * y.columns()));
    fork(Math.ceilDiv(points, pointsPerBlock), (f == Activation.NONE ? 2L : 10L) * y.size());
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    c = Tensor.EMPTY;
    y = Tensor.EMPTY;
    argument = Tensor.EMPTY;
    pre = null;
  }

  @Override
  public void run(int block) {
    int end = Math.min(points, (block + 1) * pointsPerBlock);
    for (int b = block * pointsPerBlock; b < end; b++) {
      if (isBackward) {
        pointBackward(b);
      } else {
        point(b);
      }
    }
  }

  private void point(int b) {
    int n = y.columns();
    Tensor sum = pre == null ? y : pre;
    float[] work = Scratch.get().floats(0, Activations.workSize(n));
    for (int r = b * samples; r < (b + 1) * samples; r++) {
      int to = sum.offset() + r * n;
      add(x.array(), x.offset() + r * n, c.array(), c.offset() + b * n, sum.array(), to, n);
      if (pre != null || f != Activation.NONE) {
        Activations.forward(f, sum.array(), to, y.array(), y.offset() + r * n, work, n);
      }
    }
  }

  private static void add(float[] x, int from, float[] c, int cAt, float[] out, int to, int n) {
    int full = GemmTile.S.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(GemmTile.S, x, from + i);
      v.add(FloatVector.fromArray(GemmTile.S, c, cAt + i)).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = x[from + i] + c[cAt + i];
    }
  }

  private void pointBackward(int b) {
    int n = y.columns();
    Scratch scratch = Scratch.get();
    float[] slope = scratch.floats(0, Activations.workSize(n));
    float[] sums = scratch.floats(1, n);
    double[] total = scratch.doubles(0, n);
    Arrays.fill(total, 0, n, 0);
    int end = (b + 1) * samples;
    for (int first = b * samples; first < end; first += CHAIN) {
      Arrays.fill(sums, 0, n, 0f);
      for (int r = first; r < Math.min(end, first + CHAIN); r++) {
        int to = y.offset() + r * n;
        Activations.slope(f, argument.array(), argument.offset() + r * n, slope, n);
        multiply(x.array(), x.offset() + r * n, slope, y.array(), to, sums, n);
      }
      for (int j = 0; j < n; j++) {
        total[j] += sums[j];
      }
    }
    int to = c.offset() + b * n;
    for (int j = 0; c.size() > 0 && j < n; j++) {
      c.array()[to + j] += (float) total[j];
    }
  }

  /** out = g·slope, and sums += out. */
  private static void multiply(
      float[] g, int from, float[] slope, float[] out, int to, float[] sums, int n) {
    int full = GemmTile.S.loopBound(n);
    for (int i = 0; i < full; i += L) {
      FloatVector v = FloatVector.fromArray(GemmTile.S, g, from + i);
      v = v.mul(FloatVector.fromArray(GemmTile.S, slope, i));
      v.intoArray(out, to + i);
      v.add(FloatVector.fromArray(GemmTile.S, sums, i)).intoArray(sums, i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = g[from + i] * slope[i];
      sums[i] += out[to + i];
    }
  }
}
