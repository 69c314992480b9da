package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.dense.Transpose;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of the kernel matrix in one pass over tiles of it: G with lanes across columns, then
 * what it gives to each pair of points with lanes across coordinates, so that no sum runs over
 * lanes. Each group of rows adds up its own part of dY; the parts are added in order.
 */
final class ArdBackward extends KernelTask {
  private static final int L = SimdMath.L;

  /** Columns of a tile: whole pairs of vectors; a tile stays in the first-level cache. */
  private static final int COLUMNS = 256;

  /** Rows whose products are added up in float32. */
  private static final int STRETCH = 64;

  /** Groups of rows, each a block with its own part of dY. */
  private static final int GROUPS = 32;

  private final ArdPoints points = new ArdPoints();
  private Tensor dK = Tensor.EMPTY;
  private @Nullable Tensor dX;
  private float variance;

  /** Tiles of L rows, and the groups they are in. */
  private int tiles;

  private int groups;

  /** Of each group: Σ G, then Σ G·(x − y)² for each scaled coordinate. */
  private double[] sums = {};

  /** Length of a point's row: whole vectors of coordinates. */
  private int step;

  /** Scaled points of y, a row each. */
  private float[] yRows = {};

  /** Of each group: Σ_i G·(x − y), a row for each point of y. */
  private float[] parts = {};

  void run(
      Tensor x,
      Tensor y,
      Tensor logWeight,
      Tensor logVariance,
      Tensor gradient,
      @Nullable Tensor toX,
      @Nullable Tensor toY,
      @Nullable Tensor toLogWeight,
      @Nullable Tensor toLogVariance) {
    if (gradient.size() == 0) {
      return;
    }
    int d = x.columns();
    tiles = Math.ceilDiv(x.rows(), L);
    groups = Math.min(tiles, GROUPS);
    dK = gradient;
    dX = toX;
    variance = (float) Math.exp(logVariance.get(0));
    try {
      points.prepare(x, y, logWeight);
      reserve(y.rows());
      Parallel.run(this, groups, (long) gradient.size() * (10 + 3L * d));
      if (toY != null) {
        finishColumns(toY);
      }
      if (toLogVariance != null) {
        toLogVariance.array()[toLogVariance.offset()] += (float) total(0);
      }
      for (int c = 0; toLogWeight != null && c < d; c++) {
        toLogWeight.array()[toLogWeight.offset() + c] -= (float) (0.5 * total(1 + c));
      }
    } finally {
      forget();
    }
  }

  private void reserve(int n) {
    int d = points.d;
    step = Math.ceilDiv(d, L) * L;
    if (sums.length < groups * (d + 1)) {
      sums = new double[groups * (d + 1)];
    }
    if (yRows.length < n * step) {
      yRows = new float[n * step];
    }
    if (parts.length < groups * n * step) {
      parts = new float[groups * n * step];
    }
    Arrays.fill(yRows, 0, n * step, 0f);
    Transpose.run(d, n, points.values, points.yFrom, points.yWidth, yRows, 0, step);
  }

  private double total(int which) {
    double total = 0;
    for (int b = 0; b < groups; b++) {
      total += sums[b * (points.d + 1) + which];
    }
    return total;
  }

  @Override
  protected void forget() {
    points.forget();
    dK = Tensor.EMPTY;
    dX = null;
  }

  @Override
  public void run(int group) {
    int columns = dK.columns();
    int sum = group * (points.d + 1);
    Arrays.fill(sums, sum, sum + points.d + 1, 0);
    Arrays.fill(parts, group * columns * step, (group + 1) * columns * step, 0f);
    Scratch scratch = Scratch.get();
    float[] g = scratch.floats(0, L * COLUMNS);
    float[] padded = scratch.floats(1, L * Math.max(COLUMNS, points.d + 1));
    float[] x = scratch.floats(2, L * step);
    float[] toX = scratch.floats(3, L * step);
    Arrays.fill(x, 0, L * step, 0f);
    int end = (int) ((group + 1L) * tiles / groups);
    for (int tile = (int) ((long) group * tiles / groups); tile < end; tile++) {
      int i = tile * L;
      int rows = Math.min(dK.rows() - i, L);
      Transpose.run(points.d, L, points.values, i, points.xWidth, x, 0, step);
      Arrays.fill(toX, 0, L * step, 0f);
      for (int j = 0; j < columns; j += COLUMNS) {
        int n = Math.min(points.yWidth - j, COLUMNS);
        weights(i, rows, j, n, g, padded);
        sums[sum] += Lanes.sum(g, 0, L * n, padded);
        differences(group, rows, j, n, g, x, toX);
      }
      addProducts(x, toX, 0, rows, 1, sum + 1, padded);
      finishRows(i, rows, toX, padded);
    }
    addProducts(yRows, parts, group * columns * step, columns, -1, sum + 1, padded);
  }

  /** What a tile of G gives, some coordinates at a time. */
  private void differences(int group, int rows, int j, int n, float[] g, float[] x, float[] toX) {
    int columns = dK.columns();
    int count = Math.min(columns - j, n);
    int to = (group * columns + j) * step;
    for (int r = 0; r < rows; r += ArdRows.ROWS) {
      for (int c = 0; c < points.d; c += L) {
        int y = j * step + c;
        ArdRows.differences(
            x, r * step + c, toX, yRows, y, parts, to + c, step, g, r * n, n, count);
      }
    }
  }

  /**
   * Adds up {@code sign·point_c·of_c}. Over both sets, with {@code t = G·(x − y)}, that is Σ_i
   * x·Σ_j t − Σ_j y·Σ_i t = Σ_{i,j} G·(x − y)².
   */
  private void addProducts(
      float[] point, float[] of, int from, int count, int sign, int sum, float[] lanes) {
    for (int r = 0; r < count; r += STRETCH) {
      int n = Math.min(STRETCH, count - r);
      for (int c = 0; c < points.d; c += L) {
        ArdRows.products(point, r * step + c, of, from + r * step + c, step, n, lanes);
        for (int k = 0; k < Math.min(L, points.d - c); k++) {
          sums[sum + c + k] += sign * lanes[k];
        }
      }
    }
  }

  /** g = G of L rows and n columns, 0 behind their ends; {@code padded} is work space. */
  private void weights(int i, int rows, int j, int n, float[] g, float[] padded) {
    int columns = dK.columns();
    int from = dK.offset() + i * columns + j;
    ArdRows.squaredDistances(points, i, L, j, n, g);
    if (n == columns && rows == L) {
      ArdRows.weights(g, variance, dK.array(), from, L * n);
      return;
    }
    int count = Math.min(columns - j, n);
    Arrays.fill(padded, 0, L * n, 0f);
    for (int r = 0; r < rows; r++) {
      System.arraycopy(dK.array(), from + r * columns, padded, r * n, count);
    }
    ArdRows.weights(g, variance, padded, 0, L * n);
  }

  /** dX −= root·Σ_j G·(x − y) for some rows. */
  private void finishRows(int i, int rows, float[] differences, float[] work) {
    if (dX != null) {
      add(differences, rows, -1, dX.array(), dX.offset() + i * points.d, work);
    }
  }

  /** dY += root·Σ_i G·(x − y). */
  private void finishColumns(Tensor to) {
    int size = to.rows() * step;
    for (int group = 1; group < groups; group++) {
      Lanes.add(parts, group * size, parts, 0, size);
    }
    float[] work = Scratch.get().floats(0, to.size() + L);
    add(parts, to.rows(), 1, to.array(), to.offset(), work);
  }

  /** out += sign·root·sums. */
  private void add(float[] of, int rows, float sign, float[] out, int to, float[] work) {
    ArdRows.pack(of, 0, step, rows, points.root, sign, points.d, work);
    Lanes.add(work, 0, out, to, rows * points.d);
  }
}
