package io.github.elbo4j.kernel.dense;

import static jdk.incubator.vector.VectorOperators.OR;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rows of an image into the planes of {@link ConvLayout} and back: every {@code step}-th row of the
 * image is one of the rows of a plane. With a stride of 1 or 2, which is nearly always, whole
 * vectors move; with a longer one, single elements.
 *
 * <p>On the way in, lanes behind the end of a row become zeros, and so fall on the border or on the
 * plane's next row, which is copied later. On the way out they get what is there already; where
 * that would be another image, and so perhaps another thread's, single elements are written.
 */
final class ConvPlanes {
  private static final VectorSpecies<Float> S = GemmTile.S;
  private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, S.vectorShape());
  private static final int L = GemmTile.L;

  /** All bits for L lanes, none for L more: from L − n on, the mask of a vector's first n lanes. */
  static final int[] KEEP = new int[2 * L];

  static {
    Arrays.fill(KEEP, 0, L, -1);
  }

  /** Elements 0, 2, 4, … or 1, 3, 5, … of a vector, twice. */
  private static final VectorShuffle<Float> EVEN = VectorShuffle.fromOp(S, l -> 2 * l % L),
      ODD = VectorShuffle.fromOp(S, l -> (2 * l + 1) % L);

  /** Each element of the lower or the upper half twice. */
  private static final VectorShuffle<Float> LOW = VectorShuffle.fromOp(S, l -> l / 2),
      HIGH = VectorShuffle.fromOp(S, l -> (L + l) / 2);

  private static final VectorMask<Float> UPPER_HALF = lanes(false), ODD_LANES = lanes(true);

  private ConvPlanes() {}

  private static VectorMask<Float> lanes(boolean odd) {
    boolean[] lanes = new boolean[L];
    for (int l = 0; l < L; l++) {
      lanes[l] = odd ? l % 2 == 1 : l >= L / 2;
    }
    return VectorMask.fromArray(S, lanes, 0);
  }

  /**
   * {@code count} rows of an image, {@code step} apart, to rows of the planes, which are {@code
   * size} apart and have rows of {@code pitch}.
   */
  static void load(
      ConvShape.Axis w,
      float[] x,
      int row,
      int step,
      int count,
      float[] planes,
      int p,
      int pitch,
      int size) {
    int n = w.in();
    int most = row + (count - 1) * step + Math.ceilDiv(n, 2 * L) * 2 * L;
    int even = p + (w.padding() & 1) * size + w.padding() / 2;
    int odd = p + (w.padding() + 1 & 1) * size + (w.padding() + 1) / 2;
    if (w.stride() == 1) {
      copy(x, row, step, count, planes, p + w.padding(), pitch, n);
    } else if (w.stride() > 2 || most > x.length) {
      for (int r = 0; r < count; r++) {
        loadSingly(w, x, row + r * step, planes, p + r * pitch, size);
      }
    } else if (n <= L) {
      separateNarrow(x, row, step, count, planes, even, odd, pitch, n);
    } else {
      for (int r = 0; r < count; r++) {
        int at = r * pitch;
        separate(x, row + r * step, planes, even + at, (n + 1) / 2, odd + at, n / 2);
      }
    }
  }

  /** Rows of n elements with zeros up to a whole vector; the array may end behind the elements. */
  static void copy(float[] x, int row, int step, int count, float[] to, int at, int pitch, int n) {
    if (row + (count - 1) * step + Math.ceilDiv(n, L) * L > x.length) {
      for (int r = 0; r < count; r++) {
        System.arraycopy(x, row + r * step, to, at + r * pitch, n);
      }
    } else if (n <= L) {
      copyNarrow(x, row, step, count, to, at, pitch, n);
    } else {
      for (int r = 0; r < count; r++) {
        copyRow(x, row + r * step, to, at + r * pitch, n);
      }
    }
  }

  private static void copyNarrow(
      float[] x, int row, int step, int count, float[] to, int at, int pitch, int n) {
    IntVector keep = IntVector.fromArray(I, KEEP, L - n);
    for (int r = 0; r < count; r++) {
      IntVector v = FloatVector.fromArray(S, x, row + r * step).reinterpretAsInts();
      v.and(keep).reinterpretAsFloats().intoArray(to, at + r * pitch);
    }
  }

  private static void copyRow(float[] x, int row, float[] to, int at, int n) {
    for (int i = 0; i < n; i += L) {
      IntVector keep = IntVector.fromArray(I, KEEP, L - Math.min(L, n - i));
      IntVector v = FloatVector.fromArray(S, x, row + i).reinterpretAsInts();
      v.and(keep).reinterpretAsFloats().intoArray(to, at + i);
    }
  }

  private static void separateNarrow(
      float[] x,
      int row,
      int step,
      int count,
      float[] planes,
      int even,
      int odd,
      int pitch,
      int n) {
    VectorShuffle<Float> e = EVEN, o = ODD;
    IntVector keepEven = IntVector.fromArray(I, KEEP, L - (n + 1) / 2);
    IntVector keepOdd = IntVector.fromArray(I, KEEP, L - n / 2);
    for (int r = 0; r < count; r++) {
      FloatVector a = FloatVector.fromArray(S, x, row + r * step);
      IntVector first = a.rearrange(e).reinterpretAsInts();
      IntVector second = a.rearrange(o).reinterpretAsInts();
      first.and(keepEven).reinterpretAsFloats().intoArray(planes, even + r * pitch);
      second.and(keepOdd).reinterpretAsFloats().intoArray(planes, odd + r * pitch);
    }
  }

  /** Elements of even and of odd index apart: {@code evens} and {@code odds} of them. */
  private static void separate(
      float[] x, int row, float[] planes, int even, int evens, int odd, int odds) {
    VectorShuffle<Float> e = EVEN, o = ODD;
    VectorMask<Float> upper = UPPER_HALF;
    for (int i = 0; i < evens; i += L) {
      FloatVector a = FloatVector.fromArray(S, x, row + 2 * i);
      FloatVector b = FloatVector.fromArray(S, x, row + 2 * i + L);
      IntVector first = a.rearrange(e).blend(b.rearrange(e), upper).reinterpretAsInts();
      IntVector second = a.rearrange(o).blend(b.rearrange(o), upper).reinterpretAsInts();
      IntVector keepFirst = IntVector.fromArray(I, KEEP, L - Math.min(L, evens - i));
      IntVector keepSecond = IntVector.fromArray(I, KEEP, L - Math.min(L, odds - i));
      first.and(keepFirst).reinterpretAsFloats().intoArray(planes, even + i);
      second.and(keepSecond).reinterpretAsFloats().intoArray(planes, odd + i);
    }
  }

  private static void loadSingly(
      ConvShape.Axis w, float[] x, int row, float[] planes, int p, int size) {
    int s = w.stride();
    for (int phase = 0; phase < s; phase++) {
      int first = Math.floorMod(phase - w.padding(), s);
      int t = p + phase * size + (first + w.padding()) / s;
      for (int i = first; i < w.in(); i += s) {
        planes[t++] = x[row + i];
      }
    }
  }

  /**
   * The reverse of {@link #load}: rows of the planes added to rows of the image that ends before
   * {@code end}, or put there plus {@code start}.
   */
  static void unload(
      ConvShape.Axis w,
      float[] planes,
      int p,
      int pitch,
      int size,
      float[] x,
      int row,
      int step,
      int count,
      int end,
      boolean add,
      float start) {
    int n = w.in();
    int room = end - Math.ceilDiv(n, L) * L - row;
    int whole = w.stride() > 2 || room < 0 ? 0 : Math.min(count, room / step + 1);
    int even = p + (w.padding() & 1) * size + w.padding() / 2;
    int odd = p + (w.padding() + 1 & 1) * size + (w.padding() + 1) / 2;
    for (int i = 0; i < n; i += L) {
      int lanes = Math.min(L, n - i);
      if (w.stride() == 1) {
        int from = p + w.padding() + i;
        unloadColumn(planes, from, pitch, x, row + i, step, whole, lanes, add, start);
      } else if (i % (2 * L) == 0) {
        int e = even + i / 2;
        int o = odd + i / 2;
        weave(planes, e, o, pitch, LOW, x, row + i, step, whole, lanes, add, start);
      } else {
        int e = even + (i - L) / 2;
        int o = odd + (i - L) / 2;
        weave(planes, e, o, pitch, HIGH, x, row + i, step, whole, lanes, add, start);
      }
    }
    for (int r = whole; r < count; r++) {
      unloadSingly(w, planes, p + r * pitch, size, x, row + r * step, add, start);
    }
  }

  /** A vector of columns of all rows; lanes from {@code n} on keep what they are. */
  private static void unloadColumn(
      float[] planes,
      int from,
      int pitch,
      float[] x,
      int row,
      int step,
      int count,
      int n,
      boolean add,
      float start) {
    IntVector keep = IntVector.fromArray(I, KEEP, L - n);
    IntVector old = add ? keep.lanewise(OR, keep.not()) : keep.not();
    FloatVector bias = FloatVector.broadcast(S, start);
    for (int r = 0; r < count; r++) {
      FloatVector v = FloatVector.fromArray(S, planes, from + r * pitch).add(bias);
      IntVector kept = v.reinterpretAsInts().and(keep);
      IntVector there = FloatVector.fromArray(S, x, row + r * step).reinterpretAsInts().and(old);
      FloatVector sum = there.reinterpretAsFloats().add(kept.reinterpretAsFloats());
      sum.intoArray(x, row + r * step);
    }
  }

  /** The same with elements from the even and the odd plane in turn. */
  private static void weave(
      float[] planes,
      int even,
      int odd,
      int pitch,
      VectorShuffle<Float> half,
      float[] x,
      int row,
      int step,
      int count,
      int n,
      boolean add,
      float start) {
    IntVector keep = IntVector.fromArray(I, KEEP, L - n);
    IntVector old = add ? keep.lanewise(OR, keep.not()) : keep.not();
    FloatVector bias = FloatVector.broadcast(S, start);
    VectorMask<Float> odds = ODD_LANES;
    for (int r = 0; r < count; r++) {
      FloatVector e = FloatVector.fromArray(S, planes, even + r * pitch).rearrange(half);
      FloatVector o = FloatVector.fromArray(S, planes, odd + r * pitch).rearrange(half);
      IntVector kept = e.blend(o, odds).add(bias).reinterpretAsInts().and(keep);
      IntVector there = FloatVector.fromArray(S, x, row + r * step).reinterpretAsInts().and(old);
      FloatVector sum = there.reinterpretAsFloats().add(kept.reinterpretAsFloats());
      sum.intoArray(x, row + r * step);
    }
  }

  private static void unloadSingly(
      ConvShape.Axis w,
      float[] planes,
      int p,
      int size,
      float[] x,
      int row,
      boolean add,
      float start) {
    int s = w.stride();
    for (int phase = 0; phase < s; phase++) {
      int first = Math.floorMod(phase - w.padding(), s);
      int t = p + phase * size + (first + w.padding()) / s;
      for (int i = first; i < w.in(); i += s) {
        float v = planes[t++];
        x[row + i] = add ? x[row + i] + v : v + start;
      }
    }
  }
}
