package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Splines over blocks of rows. The transformed elements of a block are laid out one after the
 * other, padded to whole vectors; {@code p} holds each of their parameters and {@code f} each field
 * of {@link SplineRows} as a vector of {@code stride} numbers. The softmaxes are one array exp over
 * both, then one loop finds the bin, and only the two derivatives it touches get their softplus.
 */
final class SplineTask extends RowBlocks {
  /** Transformed elements of a block: with 8 bins their parameters fit in the L1 cache. */
  private static final int ELEMENTS = 128;

  private Tensor z = Tensor.EMPTY;
  private Tensor params = Tensor.EMPTY;
  private Tensor out = Tensor.EMPTY;
  private @Nullable Tensor logDet;
  private @Nullable Tensor dOut;
  private @Nullable Tensor dLogDet;
  private @Nullable Tensor dZ;
  private @Nullable Tensor dParams;
  private int[] index = {};
  private int dt;
  private int bins;
  private float bound;
  private boolean inverse;
  private boolean backward;

  /** Room for the transformed dimensions, which the caller fills in. */
  int[] index(int columns) {
    if (index.length < columns) {
      index = new int[Math.max(64, columns)];
    }
    return index;
  }

  void forward(
      Tensor input,
      Tensor parameters,
      int binCount,
      float limit,
      boolean backwards,
      Tensor output,
      @Nullable Tensor logDeterminant) {
    out = output;
    logDet = logDeterminant;
    backward = false;
    start(input, parameters, binCount, limit, backwards);
  }

  void backward(
      Tensor input,
      Tensor parameters,
      int binCount,
      float limit,
      boolean backwards,
      @Nullable Tensor gradOut,
      @Nullable Tensor gradLogDet,
      @Nullable Tensor gradZ,
      @Nullable Tensor gradParams) {
    dOut = gradOut;
    dLogDet = gradLogDet;
    dZ = gradZ;
    dParams = gradParams;
    backward = true;
    start(input, parameters, binCount, limit, backwards);
  }

  private void start(
      Tensor input, Tensor parameters, int binCount, float limit, boolean backwards) {
    z = input;
    params = parameters;
    bins = binCount;
    bound = limit;
    inverse = backwards;
    dt = params.columns() / (3 * bins - 1);
    cut(z.rows(), z.columns(), dt == 0 ? BLOCK : ELEMENTS / dt * z.columns());
    fork(blocks(), 4L * params.size() + 2L * z.size());
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    params = Tensor.EMPTY;
    out = Tensor.EMPTY;
    logDet = null;
    dOut = null;
    dLogDet = null;
    dZ = null;
    dParams = null;
  }

  @Override
  public void run(int block) {
    int n = rowsOf(block) * dt;
    int stride = SplineRows.stride(n);
    float[] p = Scratch.get().floats(0, (3 * bins + 1) * stride);
    float[] f = Scratch.get().floats(1, SplineRows.FIELDS * stride);
    gather(z, block, f, SplineRows.INPUT * stride);
    for (int r = 0; r < rowsOf(block); r++) {
      load(firstRow(block) + r, p, r * dt, stride);
    }
    SplineRows.edges(p, 2 * bins * stride, bins, stride);
    SimdMath.exp(p, 0, p, 0, 2 * bins * stride);
    SplineRows.select(p, f, stride, bins, bound, inverse);
    if (backward) {
      gradients(block, p, f, stride);
    } else {
      values(block, f, stride);
    }
  }

  /**
   * One row's parameters. Whole vectors are moved, so that what follows a row is moved too, and
   * replaced by the next row; the end of the array is copied first.
   */
  private void load(int row, float[] p, int to, int stride) {
    int width = params.columns();
    float[] a = params.array();
    int from = params.offset() + row * width;
    if (from + width + SimdMath.L > a.length) {
      float[] copy = Scratch.get().floats(2, width + SimdMath.L);
      System.arraycopy(a, from, copy, 0, width);
      a = copy;
      from = 0;
    }
    SplineRows.load(a, from, dt, bins, p, to, stride);
  }

  private void values(int block, float[] f, int stride) {
    SplineRows.derivatives(f, stride);
    if (inverse) {
      SplineRows.positionOfValue(f, stride, bound);
      SplineRows.inverse(f, stride, bound);
    } else {
      SplineRows.position(f, stride, bound);
      SplineRows.value(f, stride, bound);
    }
    int first = firstRow(block);
    int count = rowsOf(block);
    if (!out.overlaps(z)) { // else it is z itself
      System.arraycopy(
          z.array(), z.offset() + first * d, out.array(), out.offset() + first * d, count * d);
    }
    for (int r = 0; r < count; r++) {
      int to = out.offset() + (first + r) * d;
      for (int i = 0; i < dt; i++) {
        out.array()[to + index[i]] = f[SplineRows.RESULT * stride + r * dt + i];
      }
    }
    if (logDet != null) {
      addLogDet(logDet, first, count, f, SplineRows.SLOPE * stride, stride);
    }
  }

  private void addLogDet(Tensor to, int first, int count, float[] f, int slopes, int stride) {
    SimdMath.log(f, slopes, f, slopes, stride);
    float[] lanes = Scratch.get().floats(3, SimdMath.L);
    for (int r = 0; r < count; r++) {
      double sum = Lanes.sum(f, slopes + r * dt, dt, lanes);
      to.array()[to.offset() + first + r] += (float) (inverse ? -sum : sum);
    }
  }

  private void gradients(int block, float[] p, float[] f, int stride) {
    SplineRows.slopesOfDerivatives(f, stride);
    SplineRows.derivatives(f, stride);
    if (inverse) {
      SplineRows.positionOfValue(f, stride, bound);
    } else {
      SplineRows.position(f, stride, bound);
    }
    gatherGradients(block, f, stride);
    SplineGradients.ofBin(f, stride, bound, inverse);
    if (dZ != null) {
      scatter(dZ, block, f, SplineGradients.TO_INPUT * stride);
    }
    if (dParams == null) {
      return;
    }
    SplineGradients.ofBinWidths(p, 0, f, SplineGradients.TO_X * stride, stride, bins, bound);
    SplineGradients.ofBinWidths(
        p, bins * stride, f, SplineGradients.TO_Y * stride, stride, bins, bound);
    SplineGradients.ofDerivatives(p, 2 * bins * stride, f, stride, bins);
    int width = params.columns();
    for (int r = 0; r < rowsOf(block); r++) {
      int to = dParams.offset() + (firstRow(block) + r) * width;
      SplineGradients.add(p, r * dt, stride, bins, dParams.array(), to, dt);
    }
  }

  private void gatherGradients(int block, float[] f, int stride) {
    if (dOut == null) {
      int to = SplineGradients.G * stride;
      Arrays.fill(f, to, to + stride, 0f);
    } else {
      gather(dOut, block, f, SplineGradients.G * stride);
    }
    int to = SplineGradients.G_LOG * stride;
    int first = firstRow(block);
    for (int r = 0; r < rowsOf(block); r++) {
      float g = dLogDet == null ? 0 : dLogDet.array()[dLogDet.offset() + first + r];
      Arrays.fill(f, to + r * dt, to + (r + 1) * dt, g);
    }
  }

  /** The transformed elements of a block's rows. */
  private void gather(Tensor t, int block, float[] to, int at) {
    float[] a = t.array();
    for (int r = 0; r < rowsOf(block); r++) {
      int from = t.offset() + (firstRow(block) + r) * d;
      for (int i = 0; i < dt; i++) {
        to[at + r * dt + i] = a[from + index[i]];
      }
    }
  }

  /** Adds to the transformed elements what was computed, to the others the gradient itself. */
  private void scatter(Tensor to, int block, float[] f, int from) {
    float[] a = to.array();
    for (int r = 0; r < rowsOf(block); r++) {
      int row = (firstRow(block) + r) * d;
      if (dOut != null) {
        addOthers(dOut.array(), dOut.offset() + row, a, to.offset() + row);
      }
      for (int i = 0; i < dt; i++) {
        a[to.offset() + row + index[i]] += f[from + r * dt + i];
      }
    }
  }

  private void addOthers(float[] g, int from, float[] a, int to) {
    int next = 0;
    for (int j = 0; j < d; j++) {
      if (next < dt && index[next] == j) {
        next++;
      } else {
        a[to + j] += g[from + j];
      }
    }
  }
}
