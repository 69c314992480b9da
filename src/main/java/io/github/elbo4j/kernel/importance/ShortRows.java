package io.github.elbo4j.kernel.importance;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.github.elbo4j.kernel.SimdMath;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The passes of {@link WeightRows} over rows of one to four vectors, with no loop inside a row:
 * over 50 samples it would cost as much as its arithmetic. Always four vectors a row are read: the
 * last ends where the row ends and overlaps the one before, and where there are fewer it stands in
 * for the missing ones. So no row has a ragged tail.
 */
final class ShortRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  /** L zeros, then L ones: a vector from c on has ones in its last c lanes. */
  private static final float[] LAST = zerosThenOnes();

  private ShortRows() {}

  private static float[] zerosThenOnes() {
    float[] a = new float[2 * L];
    Arrays.fill(a, L, 2 * L, 1f);
    return a;
  }

  static boolean fit(int n) {
    return n >= L && n <= 4 * L;
  }

  /** Where vector {@code j} of a row begins. */
  private static int at(int j, int n) {
    return Math.min(j * L, n - L);
  }

  /**
   * Where in {@link #LAST} the ones of vector {@code j}'s lanes begin that none before it holds.
   */
  private static int fresh(int j, int n) {
    return Math.clamp(n - j * L, 0, L);
  }

  /** {@link WeightRows#differences} for β &gt; 0. */
  static void differences(
      float[] x, int from, int stride, int rows, int n, float beta, float[] extreme, float[] t) {
    int i1 = at(1, n);
    int i2 = at(2, n);
    int i3 = at(3, n);
    FloatVector factor = FloatVector.broadcast(F, beta);
    for (int r = 0; r < rows; r++) {
      int row = from + r * stride;
      FloatVector a = FloatVector.fromArray(F, x, row);
      FloatVector b = FloatVector.fromArray(F, x, row + i1);
      FloatVector c = FloatVector.fromArray(F, x, row + i2);
      FloatVector d = FloatVector.fromArray(F, x, row + i3);
      FloatVector ab = a.blend(b, b.compare(GT, a));
      FloatVector cd = c.blend(d, d.compare(GT, c));
      IntVector bits = ab.blend(cd, cd.compare(GT, ab)).reinterpretAsInts();
      IntVector order = bits.lanewise(ASHR, 31).lanewise(LSHR, 1).lanewise(XOR, bits);
      int most = order.reduceLanes(MAX); // of floats it would be five times the instructions
      float largest = Float.intBitsToFloat(most ^ most >> 31 >>> 1);
      extreme[r] = largest;
      FloatVector top = FloatVector.broadcast(F, largest);
      int to = r * n;
      a.sub(top).mul(factor).intoArray(t, to);
      b.sub(top).mul(factor).intoArray(t, to + i1);
      c.sub(top).mul(factor).intoArray(t, to + i2);
      d.sub(top).mul(factor).intoArray(t, to + i3);
    }
  }

  /** Lane sums of each row, and behind those of all rows the lane sums of the squares. */
  static void laneSums(float[] e, int rows, int n, float[] lanes) {
    int i1 = at(1, n);
    int i2 = at(2, n);
    int i3 = at(3, n);
    FloatVector f1 = FloatVector.fromArray(F, LAST, fresh(1, n));
    FloatVector f2 = FloatVector.fromArray(F, LAST, fresh(2, n));
    FloatVector f3 = FloatVector.fromArray(F, LAST, fresh(3, n));
    for (int r = 0; r < rows; r++) {
      int row = r * n;
      FloatVector a = FloatVector.fromArray(F, e, row);
      FloatVector b = FloatVector.fromArray(F, e, row + i1).mul(f1);
      FloatVector c = FloatVector.fromArray(F, e, row + i2).mul(f2);
      FloatVector d = FloatVector.fromArray(F, e, row + i3).mul(f3);
      a.add(b).add(c.add(d)).intoArray(lanes, r * L);
      FloatVector ab = a.fma(a, b.mul(b));
      FloatVector cd = c.fma(c, d.mul(d));
      ab.add(cd).intoArray(lanes, (rows + r) * L);
    }
  }

  /** {@code out[to + r·stride + i] = factor[r]·e[r·n + i]}. */
  static void scale(float[] e, int rows, int n, float[] factor, float[] out, int to, int stride) {
    int i1 = at(1, n);
    int i2 = at(2, n);
    int i3 = at(3, n);
    for (int r = 0; r < rows; r++) {
      FloatVector f = FloatVector.broadcast(F, factor[r]);
      int row = r * n;
      int o = to + r * stride;
      FloatVector.fromArray(F, e, row).mul(f).intoArray(out, o);
      FloatVector.fromArray(F, e, row + i1).mul(f).intoArray(out, o + i1);
      FloatVector.fromArray(F, e, row + i2).mul(f).intoArray(out, o + i2);
      FloatVector.fromArray(F, e, row + i3).mul(f).intoArray(out, o + i3);
    }
  }
}
