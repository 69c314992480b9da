package io.github.elbo4j.kernel.dense;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rows of an image into the planes of {@link ConvLayout} and back. With a stride of 1 or 2, which is
 * nearly always, whole vectors move; with a longer one, single elements.
 *
 * <p>On the way in, lanes behind the end of a row become zeros, and so fall on the border or on the
 * next row, which is copied later. On the way out they fall on the next rows alike; only where those
 * would be another image's, and so perhaps another thread's, single elements are written.
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

  /** One row of an image to its row {@code p} of planes {@code size} apart. */
  static void load(ConvShape.Axis w, float[] x, int row, float[] planes, int p, int size) {
    int n = w.in();
    int read = Math.ceilDiv(n, 2 * L) * 2 * L;
    if (w.stride() == 1 && row + read <= x.length) {
      copy(x, row, planes, p + w.padding(), n);
    } else if (w.stride() == 2 && row + read <= x.length) {
      int even = p + (w.padding() & 1) * size + w.padding() / 2;
      int odd = p + (w.padding() + 1 & 1) * size + (w.padding() + 1) / 2;
      separate(x, row, planes, even, (n + 1) / 2, odd, n / 2);
    } else {
      loadSingly(w, x, row, planes, p, size);
    }
  }

  private static void copy(float[] x, int row, float[] planes, int to, int n) {
    for (int i = 0; i < n; i += L) {
      IntVector keep = IntVector.fromArray(I, KEEP, L - Math.min(L, n - i));
      IntVector v = FloatVector.fromArray(S, x, row + i).reinterpretAsInts();
      v.and(keep).reinterpretAsFloats().intoArray(planes, to + i);
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
   * Row {@code p} of the planes added to a row of the image that ends before {@code end}, or put
   * there plus {@code start}.
   */
  static void unload(
      ConvShape.Axis w,
      float[] planes,
      int p,
      int size,
      float[] x,
      int row,
      int end,
      boolean add,
      float start) {
    int n = w.in();
    int written = Math.ceilDiv(n, L) * L;
    if (w.stride() > 2 || row + written > end) {
      unloadSingly(w, planes, p, size, x, row, add, start);
    } else if (w.stride() == 1 && add) {
      addRow(planes, p + w.padding(), x, row, n);
    } else if (w.stride() == 1) {
      putRow(planes, p + w.padding(), x, row, n, start);
    } else {
      int even = p + (w.padding() & 1) * size + w.padding() / 2;
      int odd = p + (w.padding() + 1 & 1) * size + (w.padding() + 1) / 2;
      if (add) {
        addWoven(planes, even, odd, x, row, n);
      } else {
        putWoven(planes, even, odd, x, row, n, start);
      }
    }
  }

  private static void putRow(float[] planes, int from, float[] x, int row, int n, float start) {
    FloatVector bias = FloatVector.broadcast(S, start);
    for (int i = 0; i < n; i += L) {
      FloatVector.fromArray(S, planes, from + i).add(bias).intoArray(x, row + i);
    }
  }

  private static void addRow(float[] planes, int from, float[] x, int row, int n) {
    for (int i = 0; i < n; i += L) {
      IntVector keep = IntVector.fromArray(I, KEEP, L - Math.min(L, n - i));
      IntVector v = FloatVector.fromArray(S, planes, from + i).reinterpretAsInts();
      FloatVector sum = FloatVector.fromArray(S, x, row + i).add(v.and(keep).reinterpretAsFloats());
      sum.intoArray(x, row + i);
    }
  }

  private static void putWoven(
      float[] planes, int even, int odd, float[] x, int row, int n, float start) {
    VectorShuffle<Float> low = LOW, high = HIGH;
    VectorMask<Float> odds = ODD_LANES;
    FloatVector bias = FloatVector.broadcast(S, start);
    for (int i = 0; i < n; i += 2 * L) {
      FloatVector e = FloatVector.fromArray(S, planes, even + i / 2).add(bias);
      FloatVector o = FloatVector.fromArray(S, planes, odd + i / 2).add(bias);
      e.rearrange(low).blend(o.rearrange(low), odds).intoArray(x, row + i);
      if (i + L < n) {
        e.rearrange(high).blend(o.rearrange(high), odds).intoArray(x, row + i + L);
      }
    }
  }

  private static void addWoven(float[] planes, int even, int odd, float[] x, int row, int n) {
    VectorShuffle<Float> low = LOW, high = HIGH;
    VectorMask<Float> odds = ODD_LANES;
    for (int i = 0; i < n; i += 2 * L) {
      FloatVector e = FloatVector.fromArray(S, planes, even + i / 2);
      FloatVector o = FloatVector.fromArray(S, planes, odd + i / 2);
      IntVector keep = IntVector.fromArray(I, KEEP, L - Math.min(L, n - i));
      IntVector v = e.rearrange(low).blend(o.rearrange(low), odds).reinterpretAsInts();
      FloatVector sum = FloatVector.fromArray(S, x, row + i).add(v.and(keep).reinterpretAsFloats());
      sum.intoArray(x, row + i);
      if (i + L < n) {
        keep = IntVector.fromArray(I, KEEP, L - Math.min(L, n - i - L));
        v = e.rearrange(high).blend(o.rearrange(high), odds).reinterpretAsInts();
        sum = FloatVector.fromArray(S, x, row + i + L).add(v.and(keep).reinterpretAsFloats());
        sum.intoArray(x, row + i + L);
      }
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
