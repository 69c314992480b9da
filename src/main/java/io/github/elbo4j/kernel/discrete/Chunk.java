package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.dense.Transpose;
import io.github.elbo4j.kernel.random.PhiloxSimd;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * Some variables of C categories in scratch that stays in L1, turned so that category c of variable
 * i is element {@code c·stride + i} of an area: lanes run across variables, and a softmax needs no
 * horizontal sum. Stride is a multiple of the lanes; what lies behind the variables is padding,
 * computed on and thrown away. Beside areas (one a tensor) there are rows of stride floats (one
 * number a variable). One object a thread.
 */
final class Chunk {
  private static final ThreadLocal<Chunk> LOCAL = ThreadLocal.withInitial(Chunk::new);

  /** Keeps areas from lying a multiple of 4 KiB apart, where stores delay loads. */
  private static final int GAP = 48;

  private static final float[] NONE = {};

  /** Areas and rows. */
  float[] w = NONE;

  /** Categories of a variable. */
  int c;

  /** Elements between neighbouring categories. */
  int stride;

  /** Index of the first variable among all: row · variables a row + variable. */
  int first;

  /** Variables here. */
  int n;

  /** The sum so far of the row that the last chunk left unfinished. */
  double openRow;

  private int variables;
  private int samples;
  private int rowsFrom;
  private int row;
  private int stage;

  private Chunk() {}

  /**
   * The calling thread's, for a block.
   *
   * @param areas areas of its own that the kernel wants, and {@code perVariable} rows
   */
  static Chunk open(
      int areas, int perVariable, int categories, int variables, int samples, int limit) {
    Chunk chunk = LOCAL.get();
    int area = categories * limit + GAP;
    chunk.w = Scratch.get().floats(0, (areas + 1) * area + perVariable * (limit + GAP));
    chunk.c = categories;
    chunk.variables = variables;
    chunk.samples = samples;
    chunk.stage = areas * area;
    chunk.openRow = 0;
    return chunk;
  }

  /** Moves on to variables [from, from + count). */
  void at(int from, int count) {
    first = from;
    n = count;
    stride = Math.ceilDiv(count, SimdMath.L) * SimdMath.L;
    rowsFrom = stage + c * stride + GAP;
    row = from / variables;
  }

  /** Where area {@code i} begins. */
  int area(int i) {
    return i * (c * stride + GAP);
  }

  /** Where row {@code i} begins. */
  int row(int i) {
    return rowsFrom + i * (stride + GAP);
  }

  /** Elements of an area. */
  int size() {
    return c * stride;
  }

  /** Index after the last variable. */
  int end() {
    return first + n;
  }

  /** The row that the first variable is of. */
  int firstRow() {
    return row;
  }

  /** Index after the last variable here of the given row. */
  int endOfRow(int r) {
    return Math.min(first + n, (r + 1) * variables);
  }

  /** area = the variables of {@code t}, which has a row a sample. */
  void load(Tensor t, int area) {
    turn(t.array(), t.offset() + first * c, area, 0);
  }

  /** area = the variables of {@code t}, which has a row a data point. */
  void loadPoints(Tensor t, int area) {
    if (samples == 1) {
      load(t, area);
      return;
    }
    for (int v = first, r = row; v < end(); r++) {
      int end = endOfRow(r);
      int from = t.offset() + pointOf(v, r) * c;
      System.arraycopy(t.array(), from, w, stage + (v - first) * c, (end - v) * c);
      v = end;
    }
    turn(w, stage, area, 0);
  }

  /** area = the uniforms of the variables. */
  void draw(NoiseKey noise, int area) {
    PhiloxSimd.uniforms(noise, (long) first * c, w, stage, n * c);
    turn(w, stage, area, 0.5f);
  }

  private void turn(float[] from, int at, int area, float padding) {
    if (c == 1) {
      System.arraycopy(from, at, w, area, n);
    } else {
      Transpose.run(n, c, from, at, c, w, area, stride);
    }
    if (n < stride) {
      for (int i = 0; i < c; i++) {
        Arrays.fill(w, area + i * stride + n, area + (i + 1) * stride, padding);
      }
    }
  }

  /** The variables of {@code t}, which has a row a sample, = area. */
  void store(int area, Tensor t) {
    turnBack(area, t.array(), t.offset() + first * c);
  }

  private void turnBack(int area, float[] to, int at) {
    if (c == 1) {
      System.arraycopy(w, area, to, at, n);
    } else {
      Transpose.run(c, n, w, area, stride, to, at, c);
    }
  }

  /** Turns an area back, for {@link #add} and {@link #addPoints}; it may be written to then. */
  void stage(int area) {
    turnBack(area, w, stage);
  }

  /** The variables of {@code t}, which has a row a sample, += factor · what is staged. */
  void add(float factor, Tensor t) {
    addStaged(factor, 0, n * c, t.array(), t.offset() + first * c);
  }

  /** Those of {@code t}, which has a row a data point, += what is staged, over all samples here. */
  void addPoints(Tensor t) {
    if (samples == 1) {
      add(1, t);
      return;
    }
    for (int v = first, r = row; v < end(); r++) {
      int end = endOfRow(r);
      int to = t.offset() + pointOf(v, r) * c;
      addStaged(1, (v - first) * c, (end - v) * c, t.array(), to);
      v = end;
    }
  }

  private void addStaged(float factor, int from, int count, float[] to, int at) {
    Columns.addTo(w, stage + from, factor, to, at, count);
  }

  /** The variable of a data point's row that variable {@code v}, of row r, belongs to. */
  private int pointOf(int v, int r) {
    return v + (r / samples - r) * variables;
  }

  /** row = one number a row of {@code perRow}, for each of its variables. */
  void spread(Tensor perRow, int into) {
    float[] a = w;
    int shift = into - first;
    for (int v = first, r = row; v < end(); r++) {
      int end = endOfRow(r);
      float value = perRow.array()[perRow.offset() + r];
      for (; v < end; v++) {
        a[shift + v] = value;
      }
    }
    Arrays.fill(a, into + n, into + stride, 0);
  }

  /** row = one number a variable of {@code t}. */
  void loadRow(Tensor t, int into) {
    System.arraycopy(t.array(), t.offset() + first, w, into, n);
    Arrays.fill(w, into + n, into + stride, 0);
  }

  /** One number a variable of {@code t} = row. */
  void storeRow(int from, Tensor t) {
    System.arraycopy(w, from, t.array(), t.offset() + first, n);
  }
}
