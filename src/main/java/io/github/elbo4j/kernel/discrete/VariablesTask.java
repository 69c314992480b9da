package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A kernel over rows of N variables of C categories. Rows are cut into blocks for the threads, the
 * variables of a block into {@link Chunk}s, which {@link #work} computes on. Blocks and chunks
 * follow from the shape alone.
 */
abstract class VariablesTask extends KernelTask {
  /** Elements of a chunk. */
  private static final int CHUNK = 2048;

  /** Elements of a block, when its rows are short. */
  private static final int BLOCK = 8192;

  /** Variables below which a row is summed one by one. */
  private static final int SHORT = 48;

  private static final double[] NONE = {};

  /** Categories of a variable. */
  int categories;

  /** Variables of a row. */
  int variables;

  private final int areas;
  private final int perVariable;
  private int samples;
  private int rows;
  private int rowsPerBlock;
  private int limit;
  private @Nullable Tensor rowSums;
  private double rowConstant;
  private boolean sumsScalar;
  private double[] scalars = NONE;

  /**
   * A kernel that works with so many areas and rows of a chunk.
   *
   * @param areas areas, and {@code perVariable} rows of a chunk that {@link #work} uses
   */
  VariablesTask(int areas, int perVariable) {
    this.areas = areas;
    this.perVariable = perVariable;
  }

  /** Computes on a chunk. */
  abstract void work(Chunk chunk);

  /** Takes the sizes: parameters have {@code points} rows, samples a whole multiple of them. */
  final void sizes(int points, int sampleRows, int columns, int c) {
    rows = sampleRows;
    samples = points == 0 ? 1 : sampleRows / points;
    categories = c;
    variables = columns / c;
    rowSums = null;
    sumsScalar = false;
  }

  /** Asks for {@code out[r] = constant·N + Σ_n} of what work leaves in row 0 of a chunk. */
  final void sumRowsInto(@Nullable Tensor out, double constant) {
    rowSums = out;
    rowConstant = constant * variables;
  }

  /** Runs the kernel; where {@code wholePoints}, a data point's samples are in one block. */
  final void start(boolean wholePoints) {
    if (variables == 0 && rowSums != null) {
      rowSums.fill(0);
    }
    if (rows == 0 || variables == 0) {
      forget();
      return;
    }
    int unit = wholePoints ? samples : 1;
    long elements = (long) variables * categories;
    rowsPerBlock = (int) Math.max(1, BLOCK / (elements * unit)) * unit;
    limit = Math.max(1, CHUNK / categories / SimdMath.L) * SimdMath.L;
    int blocks = Math.ceilDiv(rows, rowsPerBlock);
    if (scalars.length < blocks) {
      scalars = new double[blocks];
    }
    fork(blocks, 30 * elements * rows);
  }

  /** The same, and {@code scalar += Σ} of what work leaves in row 1 of the chunks. */
  final void start(boolean wholePoints, @Nullable Tensor scalar) {
    sumsScalar = scalar != null;
    int allRows = rows;
    start(wholePoints);
    if (scalar != null && allRows > 0 && variables > 0) {
      double total = 0;
      for (int b = 0; b < Math.ceilDiv(allRows, rowsPerBlock); b++) {
        total += scalars[b];
      }
      scalar.array()[scalar.offset()] = (float) (scalar.get(0) + total);
    }
  }

  @Override
  protected void forget() {
    rowSums = null;
  }

  @Override
  public final void run(int block) {
    int from = block * rowsPerBlock * variables;
    int end = Math.min(rows, (block + 1) * rowsPerBlock) * variables;
    int step = Math.ceilDiv(end - from, Math.ceilDiv(end - from, limit));
    step = Math.ceilDiv(step, SimdMath.L) * SimdMath.L;
    Chunk chunk = Chunk.open(areas, perVariable, categories, variables, samples, step);
    float[] lanes = Scratch.get().floats(1, SimdMath.L);
    double scalar = 0;
    for (int v = from; v < end; v += step) {
      chunk.at(v, Math.min(step, end - v));
      work(chunk);
      if (rowSums != null) {
        addToRows(chunk, rowSums, lanes);
      }
      if (sumsScalar) {
        scalar += Lanes.sum(chunk.w, chunk.row(1), chunk.n, lanes);
      }
    }
    scalars[block] = scalar;
  }

  /** Adds row 0 to the sums of the rows, and writes those of the rows that end here. */
  private void addToRows(Chunk chunk, Tensor out, float[] lanes) {
    for (int v = chunk.first, r = chunk.firstRow(); v < chunk.end(); r++) {
      int end = chunk.endOfRow(r);
      int at = chunk.row(0) + v - chunk.first;
      chunk.openRow +=
          end - v < SHORT ? sum(chunk.w, at, end - v) : Lanes.sum(chunk.w, at, end - v, lanes);
      if (end == (r + 1) * variables) {
        out.array()[out.offset() + r] = (float) (rowConstant + chunk.openRow);
        chunk.openRow = 0;
      }
      v = end;
    }
  }

  /** Two chains of adds: a row of few variables ends before lanes pay. */
  private static double sum(float[] a, int from, int n) {
    float even = 0;
    float odd = 0;
    for (int i = 0; i < n - 1; i += 2) {
      even += a[from + i];
      odd += a[from + i + 1];
    }
    return (n % 2 == 0 ? even : even + a[from + n - 1]) + odd;
  }
}
