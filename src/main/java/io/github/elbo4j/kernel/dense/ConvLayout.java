package io.github.elbo4j.kernel.dense;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * How the images of a convolution are laid out for the matrix product, and the copies between.
 *
 * <p>An input image becomes <em>planes</em>: padded with zeros and, with a stride s, taken apart
 * into its s·s phases, so that what one tap sees of neighbouring outputs is contiguous. A tap is
 * then one offset ({@link #taps}) and a row of outputs one stretch of a plane. Copies move whole
 * vectors from left to right: what one writes too much the next overwrites, and arrays have a
 * vector of room behind them.
 *
 * <p>The product's columns are the outputs of several images, or of some rows of one, so that a
 * portion of the patch matrix stays in the second-level cache.
 */
final class ConvLayout {
  static final int L = GemmTile.L;
  private static final VectorSpecies<Float> S = GemmTile.S;
  private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, S.vectorShape());

  /** Floats of a portion of the patch matrix: 256 KiB. */
  private static final int PORTION = 1 << 16;

  /** Floats of a portion of the product: 32 KiB. */
  private static final int PRODUCT = 1 << 13;

  /** More columns than this gain nothing. */
  private static final int MOST_COLUMNS = 512;

  private ConvShape.Axis h = ConvShape.Axis.of(1, 1, 1, 0);
  private ConvShape.Axis w = h;
  private int channels;
  private int planeWidth;
  private int planeSize;

  int outHeight;
  int outWidth;

  /** Rows of the patch matrix. */
  int patch;

  /** Floats of the planes of one image. */
  int planes;

  /** Where in an image's planes each row of the patch matrix begins. */
  private int[] taps = {};

  /** Images of a portion. */
  int images;

  /** Output rows of a portion; all of them where it has several images. */
  int rows;

  /** {@code wide}: rows of outputs lie as far apart as rows of a plane. */
  void set(ConvShape shape, boolean wide) {
    h = shape.height();
    w = shape.width();
    channels = shape.inChannels();
    outHeight = h.out();
    outWidth = w.out();
    patch = shape.patch();
    planeWidth = w.plane();
    planeSize = h.plane() * planeWidth + L; // room for what a copy writes too much
    planes = channels * h.stride() * w.stride() * planeSize;
    if (taps.length < patch) {
      taps = new int[patch];
    }
    setTaps();
    setPortion(
        wide, Math.min(PORTION / patch, wide ? MOST_COLUMNS : PRODUCT / shape.outChannels()));
  }

  private void setTaps() {
    int k = 0;
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < h.kernel(); i++) {
        for (int j = 0; j < w.kernel(); j++) {
          taps[k++] = plane(c, h.phase(i), w.phase(j)) + h.shift(i) * planeWidth + w.shift(j);
        }
      }
    }
  }

  private int plane(int channel, int rowPhase, int columnPhase) {
    return ((channel * h.stride() + rowPhase) * w.stride() + columnPhase) * planeSize;
  }

  /** As many images as fill whole vectors well, or as many rows of one image as fit. */
  private void setPortion(boolean wide, int columns) {
    int most = Math.clamp(columns, 2 * L, MOST_COLUMNS);
    rows = outHeight;
    images = 1;
    int one = wide ? grid(rows) : outHeight * outWidth;
    if (one > most) {
      rows = Math.max(1, most / Math.max(outWidth, wide ? planeWidth : 0));
      return;
    }
    for (int n = 2; n * one <= most; n++) {
      // n·one/padded(n·one) > images·one/padded(images·one), as products
      if ((long) n * padded(images * one) > (long) images * padded(n * one)) {
        images = n;
      }
    }
  }

  /** A number of columns without a ragged end. */
  static int padded(int columns) {
    int unit = GemmTile.ROWS == 8 && columns > L ? L : 2 * L;
    return Math.ceilDiv(columns, unit) * unit;
  }

  /** Columns that rows of outputs take when they lie as far apart as rows of a plane. */
  int grid(int rowCount) {
    return (rowCount - 1) * planeWidth + outWidth;
  }

  /** Copies an image into its planes, whose borders are zero already. */
  void load(float[] x, int from, float[] to, int at) {
    int step = h.stride() * w.in();
    for (int c = 0; c < channels; c++) {
      for (int phase = 0; phase < h.stride(); phase++) {
        int first = Math.floorMod(phase - h.padding(), h.stride());
        int count = Math.ceilDiv(h.in() - first, h.stride());
        int row = from + (c * h.in() + first) * w.in();
        int p = at + plane(c, phase, 0) + (first + h.padding()) / h.stride() * planeWidth;
        ConvPlanes.load(w, x, row, step, count, to, p, planeWidth, planeSize);
      }
    }
  }

  /** Adds the planes of an image to it, or replaces it by them plus each channel's bias. */
  void unload(float[] planes, int at, float[] x, int to, boolean add, float[] bias, int bias0) {
    int end = to + channels * h.in() * w.in();
    int step = h.stride() * w.in();
    for (int c = 0; c < channels; c++) {
      float start = bias.length == 0 ? 0 : bias[bias0 + c];
      for (int phase = 0; phase < h.stride(); phase++) {
        int first = Math.floorMod(phase - h.padding(), h.stride());
        int count = Math.ceilDiv(h.in() - first, h.stride());
        int row = to + (c * h.in() + first) * w.in();
        int p = at + plane(c, phase, 0) + (first + h.padding()) / h.stride() * planeWidth;
        ConvPlanes.unload(
            w, planes, p, planeWidth, planeSize, x, row, step, count, end, add, start);
      }
    }
  }

  /**
   * The patch matrix of {@code count} images' planes, output rows [r0, r0 + n), {@code ld} columns
   * apart.
   */
  void patches(float[] work, int count, int r0, int n, int col, int ld) {
    int pixels = n * outWidth;
    for (int k = 0; k < patch; k++) {
      for (int image = 0; image < count; image++) {
        int from = image * planes + taps[k] + r0 * planeWidth;
        int to = col + k * ld + image * pixels;
        if (outWidth <= L) {
          narrow(work, from, to, n);
        } else {
          broad(work, from, to, n);
        }
      }
    }
  }

  /** Rows of at most a vector, four at a time: there are few, and a loop has its costs. */
  private void narrow(float[] work, int from, int to, int n) {
    int step = planeWidth;
    int width = outWidth;
    int r = 0;
    for (; r < n - 3; r += 4) {
      int f = from + r * step;
      int t = to + r * width;
      FloatVector.fromArray(S, work, f).intoArray(work, t);
      FloatVector.fromArray(S, work, f + step).intoArray(work, t + width);
      FloatVector.fromArray(S, work, f + 2 * step).intoArray(work, t + 2 * width);
      FloatVector.fromArray(S, work, f + 3 * step).intoArray(work, t + 3 * width);
    }
    for (; r < n; r++) {
      FloatVector.fromArray(S, work, from + r * step).intoArray(work, to + r * width);
    }
  }

  private void broad(float[] work, int from, int to, int n) {
    int width = outWidth;
    for (int r = 0; r < n; r++) {
      int f = from + r * planeWidth;
      int t = to + r * width;
      for (int i = 0; i < width; i += L) {
        FloatVector.fromArray(S, work, f + i).intoArray(work, t + i);
      }
    }
  }

  /**
   * Rows [r0, r0 + n) of one channel of outputs, as far apart as rows of a plane, with zeros
   * between: {@link #grid} columns.
   */
  void spread(float[] y, int from, float[] work, int to, int r0, int n) {
    int first = from + r0 * outWidth;
    if (planeWidth > L || first + n * outWidth + L > y.length) { // else the copy writes the zeros
      Arrays.fill(work, to, to + grid(n), 0f);
    }
    ConvPlanes.copy(y, first, outWidth, n, work, to, planeWidth, outWidth);
  }

  /**
   * Adds what {@link #spread} outputs give to each tap to the planes of {@code count} images: the
   * zeros between rows make each tap one stretch.
   */
  void gather(float[] work, int count, int r0, int n, int col, int ld) {
    int grid = grid(n);
    for (int image = 0; image < count; image++) {
      int at = image * planes + r0 * planeWidth;
      for (int k = 0; k < patch; k++) {
        addStretch(work, col + k * ld + image * grid, at + taps[k], grid);
      }
    }
  }

  private static void addStretch(float[] work, int from, int to, int length) {
    int full = S.loopBound(length);
    for (int i = 0; i < full; i += L) {
      FloatVector sum = FloatVector.fromArray(S, work, to + i);
      sum.add(FloatVector.fromArray(S, work, from + i)).intoArray(work, to + i);
    }
    if (full < length) {
      IntVector keep = IntVector.fromArray(I, ConvPlanes.KEEP, L - length + full);
      IntVector last = FloatVector.fromArray(S, work, from + full).reinterpretAsInts();
      FloatVector sum = FloatVector.fromArray(S, work, to + full);
      sum.add(last.and(keep).reinterpretAsFloats()).intoArray(work, to + full);
    }
  }
}
