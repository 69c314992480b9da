package io.github.elbo4j.kernel.discrete;

import static jdk.incubator.vector.VectorOperators.LT;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The nearest codebook entry of each row. The entries are packed once into panels of {@link #WIDTH}
 * of them, dimension by dimension, so that the distances of four rows to a panel are kept in
 * registers: {@code ‖e‖² − 2·z·e}, which orders the entries as the distance does. Each lane keeps
 * the least it has seen and the panel that was in; the lanes are compared at the end.
 */
final class NearestTask extends KernelTask {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;
  private static final int WIDTH = 2 * L;
  private static final int TILE = 4;
  private static final int BLOCK_ROWS = 64;
  private static final int[] NONE = new int[0];
  private static final float[] NO_PANELS = {};

  private Tensor z = Tensor.EMPTY;
  private Tensor codebook = Tensor.EMPTY;
  private int[] index = NONE;
  private @Nullable Tensor distance;
  private float[] panels = NO_PANELS;
  private int d;
  private int panelCount;

  void run(Tensor rows, Tensor entries, int[] nearest, @Nullable Tensor distances) {
    if (rows.rows() == 0) {
      return;
    }
    z = rows;
    codebook = entries;
    index = nearest;
    distance = distances;
    d = rows.columns();
    panelCount = Math.ceilDiv(entries.rows(), WIDTH);
    panels = Scratch.get().floats(Scratch.HELD, panelCount * panelSize());
    pack();
    fork(Math.ceilDiv(rows.rows(), BLOCK_ROWS), (long) rows.size() * entries.rows());
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    codebook = Tensor.EMPTY;
    index = NONE;
    distance = null;
    panels = NO_PANELS;
  }

  /** A row of ‖e‖², then a row for each dimension. */
  private int panelSize() {
    return (d + 1) * WIDTH;
  }

  /** Entries behind the last one are infinitely far away. */
  private void pack() {
    Arrays.fill(panels, 0, panelCount * panelSize(), 0f);
    for (int j = 0; j < panelCount * WIDTH; j++) {
      int at = j / WIDTH * panelSize() + j % WIDTH;
      double norm = 0;
      if (j >= codebook.rows()) {
        norm = Double.POSITIVE_INFINITY;
      } else {
        int from = codebook.offset() + j * d;
        for (int i = 0; i < d; i++) {
          float e = codebook.array()[from + i];
          norm += (double) e * e;
          panels[at + (i + 1) * WIDTH] = e;
        }
      }
      panels[at] = (float) norm;
    }
  }

  @Override
  public void run(int block) {
    int first = block * BLOCK_ROWS;
    int rows = Math.min(BLOCK_ROWS, z.rows() - first);
    Scratch scratch = Scratch.get();
    float[] scaled = scratch.floats(0, Math.max(1, rows * d));
    float[] least = scratch.floats(1, BLOCK_ROWS * WIDTH);
    float[] panelOfLeast = scratch.floats(2, BLOCK_ROWS * WIDTH);
    float[] scores = scratch.floats(3, TILE * WIDTH);
    for (int i = 0; i < rows * d; i++) {
      scaled[i] = -2 * z.array()[z.offset() + first * d + i];
    }
    Arrays.fill(least, 0, rows * WIDTH, Float.POSITIVE_INFINITY);
    Arrays.fill(panelOfLeast, 0, rows * WIDTH, 0f);
    for (int p = 0; p < panelCount; p++) {
      for (int r = 0; r < rows; r += TILE) {
        tile(scaled, r, rows - 1, p, scores);
        int lanes = Math.min(TILE, rows - r) * WIDTH;
        keep(scores, p, least, panelOfLeast, r * WIDTH, lanes);
      }
    }
    for (int r = 0; r < rows; r++) {
      choose(first + r, least, panelOfLeast, r * WIDTH);
    }
  }

  /** The scores of four rows (those behind the last repeat it) against panel p. */
  private void tile(float[] scaled, int row, int last, int p, float[] scores) {
    int r1 = Math.min(row + 1, last);
    int r2 = Math.min(row + 2, last);
    int r3 = Math.min(row + 3, last);
    float[] e = panels;
    int at = p * panelSize();
    FloatVector n0 = FloatVector.fromArray(F, e, at);
    FloatVector n1 = FloatVector.fromArray(F, e, at + L);
    FloatVector a0 = n0;
    FloatVector a1 = n1;
    FloatVector b0 = n0;
    FloatVector b1 = n1;
    FloatVector c0 = n0;
    FloatVector c1 = n1;
    FloatVector d0 = n0;
    FloatVector d1 = n1;
    for (int i = 0; i < d; i++) {
      FloatVector e0 = FloatVector.fromArray(F, e, at + (i + 1) * WIDTH);
      FloatVector e1 = FloatVector.fromArray(F, e, at + (i + 1) * WIDTH + L);
      FloatVector a = FloatVector.broadcast(F, scaled[row * d + i]);
      FloatVector b = FloatVector.broadcast(F, scaled[r1 * d + i]);
      a0 = e0.fma(a, a0);
      a1 = e1.fma(a, a1);
      b0 = e0.fma(b, b0);
      b1 = e1.fma(b, b1);
      FloatVector c = FloatVector.broadcast(F, scaled[r2 * d + i]);
      FloatVector f = FloatVector.broadcast(F, scaled[r3 * d + i]);
      c0 = e0.fma(c, c0);
      c1 = e1.fma(c, c1);
      d0 = e0.fma(f, d0);
      d1 = e1.fma(f, d1);
    }
    a0.intoArray(scores, 0);
    a1.intoArray(scores, L);
    b0.intoArray(scores, 2 * L);
    b1.intoArray(scores, 3 * L);
    c0.intoArray(scores, 4 * L);
    c1.intoArray(scores, 5 * L);
    d0.intoArray(scores, 6 * L);
    d1.intoArray(scores, 7 * L);
  }

  /**
   * Keeps the lesser in each lane of {@code n} lanes. Strictly less: of equal ones the first panel
   * stays. NaN is never less.
   */
  private static void keep(
      float[] scores, int p, float[] least, float[] panelOfLeast, int at, int n) {
    FloatVector panel = FloatVector.broadcast(F, (float) p);
    for (int i = 0; i < n; i += L) {
      FloatVector value = FloatVector.fromArray(F, scores, i);
      FloatVector old = FloatVector.fromArray(F, least, at + i);
      VectorMask<Float> less = value.compare(LT, old);
      old.blend(value, less).intoArray(least, at + i);
      FloatVector.fromArray(F, panelOfLeast, at + i)
          .blend(panel, less)
          .intoArray(panelOfLeast, at + i);
    }
  }

  /** The first of the least over all lanes, and its distance from the differences themselves. */
  private void choose(int r, float[] least, float[] panelOfLeast, int at) {
    float value = Float.POSITIVE_INFINITY;
    int best = 0;
    for (int lane = 0; lane < WIDTH; lane++) {
      int j = ((int) panelOfLeast[at + lane]) * WIDTH + lane;
      float score = least[at + lane];
      boolean first = score == value && score < Float.POSITIVE_INFINITY && j < best;
      if (score < value || first) {
        value = score;
        best = j;
      }
    }
    double squares = squares(r, best);
    if (!(squares < Double.POSITIVE_INFINITY)) {
      best = 0;
      squares = squares(r, 0);
    }
    index[r] = best;
    if (distance != null) {
      distance.array()[distance.offset() + r] = (float) squares;
    }
  }

  private double squares(int r, int j) {
    int from = z.offset() + r * d;
    int entry = codebook.offset() + j * d;
    double sum = 0;
    for (int i = 0; i < d; i++) {
      double difference = (double) z.array()[from + i] - codebook.array()[entry + i];
      sum += difference * difference;
    }
    return sum;
  }
}
