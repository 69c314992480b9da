package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.pixels.PixelRows;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The data [B,N] of a likelihood, whatever it is kept as, for loops that read floats: floats are
 * read where they lie, pixels are scaled or drawn into a work array once for all samples of a data
 * point.
 */
final class DataRows {
  private @Nullable Tensor floats;
  private @Nullable ByteTensor bytes;
  private @Nullable NoiseKey noise;
  private int points;
  private int n;

  void set(Tensor x) {
    floats = x;
    bytes = null;
    noise = null;
    points = x.rows();
    n = x.columns();
  }

  /** Draws when there is noise to draw with, else scales. */
  void set(ByteTensor x, @Nullable NoiseKey binarization) {
    floats = null;
    bytes = x;
    noise = binarization;
    points = x.rows();
    n = x.columns();
  }

  /** Lets go of the data. */
  void forget() {
    floats = null;
    bytes = null;
    noise = null;
  }

  int points() {
    return points;
  }

  /**
   * The array that holds elements {@code column} … {@code column + count − 1} of data point {@code
   * b}: {@code work}, filled here, or the data itself; the first of them stands at {@link #at}.
   */
  float[] read(int b, int column, int count, float[] work) {
    if (floats != null) {
      return floats.array();
    }
    if (bytes != null) {
      int first = b * n + column;
      if (noise == null) {
        PixelRows.scale(bytes.array(), bytes.offset() + first, work, 0, count);
      } else {
        PixelRows.binarize(noise, first, bytes.array(), bytes.offset() + first, work, 0, count);
      }
    }
    return work;
  }

  int at(int b, int column) {
    return floats == null ? 0 : floats.offset() + b * n + column;
  }
}
