package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Gradients of the gated autoregressive step and of its inverse over blocks of rows. */
final class GatedBackward extends RowBlocks {
  /** The arrays of a block and where it starts in them. */
  static final class Row {
    float[] z = {};
    float[] m = {};
    float[] s = {};
    float[] dOut = {};
    float[] dZ = {};
    float[] dM = {};
    float[] dS = {};
    int zAt;
    int mAt;
    int sAt;
    int gAt;
    int dZAt;
    int dMAt;
    int dSAt;
  }

  private static final ThreadLocal<Row> ROW = ThreadLocal.withInitial(Row::new);

  private Tensor z = Tensor.EMPTY;
  private Tensor m = Tensor.EMPTY;
  private Tensor s = Tensor.EMPTY;
  private @Nullable Tensor dOut;
  private @Nullable Tensor dLogDet;
  private @Nullable Tensor dZ;
  private @Nullable Tensor dM;
  private @Nullable Tensor dS;
  private boolean inverse;

  void run(
      Tensor input,
      Tensor mean,
      Tensor gate,
      boolean backwards,
      @Nullable Tensor gradOut,
      @Nullable Tensor gradLogDet,
      @Nullable Tensor gradZ,
      @Nullable Tensor gradM,
      @Nullable Tensor gradS) {
    z = input;
    m = mean;
    s = gate;
    inverse = backwards;
    dOut = gradOut;
    dLogDet = gradLogDet;
    dZ = gradZ;
    dM = gradM;
    dS = gradS;
    cut(z.rows(), z.columns(), BLOCK);
    fork(blocks(), 10L * z.size());
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    m = Tensor.EMPTY;
    s = Tensor.EMPTY;
    dOut = null;
    dLogDet = null;
    dZ = null;
    dM = null;
    dS = null;
  }

  @Override
  public void run(int block) {
    int from = firstRow(block) * d;
    int n = rowsOf(block) * d;
    Scratch scratch = Scratch.get();
    float[] u = scratch.floats(0, n);
    float[] perRow = scratch.floats(1, n);
    spread(dLogDet, block, perRow, 0);
    Row row = ROW.get();
    place(row, from, n, scratch.floats(2, 2 * n));
    if (inverse) {
      float[] closed = scratch.floats(3, n);
      CouplingRows.signed(row.s, row.sAt, -1, u, 0, n);
      SimdMath.sigmoid(u, 0, closed, 0, n);
      SimdMath.exp(u, 0, u, 0, n);
      GatedRows.inverseBackward(row, u, closed, perRow, n);
    } else {
      GatedRows.minusAbs(row.s, row.sAt, u, n);
      SimdMath.exp(u, 0, u, 0, n);
      GatedRows.backward(row, u, perRow, n);
    }
    release(row);
  }

  /** {@code spare} holds zeros for a gradient that did not come, and takes those not wanted. */
  private void place(Row row, int from, int n, float[] spare) {
    row.z = z.array();
    row.zAt = z.offset() + from;
    row.m = m.array();
    row.mAt = m.offset() + from;
    row.s = s.array();
    row.sAt = s.offset() + from;
    if (dOut == null) {
      Arrays.fill(spare, 0, n, 0f);
    }
    row.dOut = dOut == null ? spare : dOut.array();
    row.gAt = dOut == null ? 0 : dOut.offset() + from;
    row.dZ = dZ == null ? spare : dZ.array();
    row.dZAt = dZ == null ? n : dZ.offset() + from;
    row.dM = dM == null ? spare : dM.array();
    row.dMAt = dM == null ? n : dM.offset() + from;
    row.dS = dS == null ? spare : dS.array();
    row.dSAt = dS == null ? n : dS.offset() + from;
  }

  /** The caller's memory is not kept. */
  private static void release(Row row) {
    float[] none = Tensor.EMPTY.array();
    row.z = none;
    row.m = none;
    row.s = none;
    row.dOut = none;
    row.dZ = none;
    row.dM = none;
    row.dS = none;
  }
}
