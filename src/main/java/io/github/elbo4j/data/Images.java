package io.github.elbo4j.data;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of grey images of one size: bytes 0 (background) … 255, row-major {@code [count,
 * height, width]}, with an optional class label for each.
 */
public final class Images {
  private final String name;
  private final int count;
  private final int height;
  private final int width;
  private final byte[] pixels;
  private final byte @Nullable [] labels;

  /**
   * Takes over the arrays: the caller must not write to them afterwards.
   *
   * @param name what the images are, for messages
   * @param pixels {@code count·height·width} bytes
   * @param labels {@code count} bytes, or null when there are none
   * @throws IllegalArgumentException a size is below 1 or an array has another length
   */
  public Images(
      String name, int count, int height, int width, byte[] pixels, byte @Nullable [] labels) {
    if (count < 1 || height < 1 || width < 1) {
      throw fail(
          name, "count %d, height %d and width %d must be >= 1".formatted(count, height, width));
    }
    long bytes = bytes(count, height, width);
    if (bytes > Integer.MAX_VALUE) {
      throw fail(
          name,
          "%d images of %d x %d need %s bytes; at most %d fit one set"
              .formatted(
                  count,
                  height,
                  width,
                  bytes == Long.MAX_VALUE ? "more than 2^63" : Long.toString(bytes),
                  Integer.MAX_VALUE));
    }
    if (pixels.length != bytes) {
      throw fail(name, "pixels has %d bytes, want %d".formatted(pixels.length, bytes));
    }
    if (labels != null && labels.length != count) {
      throw fail(
          name, "labels has %d bytes, want %d, one an image".formatted(labels.length, count));
    }
    this.name = name;
    this.count = count;
    this.height = height;
    this.width = width;
    this.pixels = pixels;
    this.labels = labels;
  }

  /** The product, or {@code Long.MAX_VALUE} when it does not fit. */
  private static long bytes(int count, int height, int width) {
    long image = (long) height * width;
    return image > Long.MAX_VALUE / count ? Long.MAX_VALUE : image * count;
  }

  /** What the images are, for messages. */
  public String name() {
    return name;
  }

  /** Number of images. */
  public int count() {
    return count;
  }

  public int height() {
    return height;
  }

  public int width() {
    return width;
  }

  /** Pixels of one image: {@code height·width}. */
  public int size() {
    return height * width;
  }

  /**
   * All pixels, {@code [count, height, width]}: the set's own array, for kernels that read straight
   * from it. It must not be written to.
   */
  public byte[] pixels() {
    return pixels;
  }

  /**
   * The class label of each image (the set's own array, not to be written to), or null when there
   * are none.
   */
  public byte @Nullable [] labels() {
    return labels;
  }

  /** Classes of the labels, the largest and one more; 0 when there are no labels. */
  public int classes() {
    int most = 0;
    if (labels != null) {
      for (byte label : labels) {
        most = Math.max(most, 1 + (label & 0xFF));
      }
    }
    return most;
  }

  /** Copies image {@code index} to {@code out[outFrom …]}. */
  public void copyRow(int index, byte[] out, int outFrom) {
    if (index < 0 || index >= count) {
      throw fail(name, "copyRow: index %d must be in [0, %d)".formatted(index, count));
    }
    if (outFrom < 0 || outFrom > out.length - size()) {
      throw fail(
          name,
          "copyRow: %d bytes do not fit out[%d] from %d".formatted(size(), out.length, outFrom));
    }
    System.arraycopy(pixels, index * size(), out, outFrom, size());
  }

  /** A copy of images {@code from} (inclusive) to {@code to} (exclusive), at least one. */
  public Images slice(int from, int to) {
    if (from < 0 || to > count || from >= to) {
      throw fail(
          name, "slice: [%d, %d) must be a non-empty part of [0, %d)".formatted(from, to, count));
    }
    return new Images(
        name,
        to - from,
        height,
        width,
        Arrays.copyOfRange(pixels, from * size(), to * size()),
        labels == null ? null : Arrays.copyOfRange(labels, from, to));
  }

  /** A copy of the images of the given indices, in that order. */
  public Images select(String newName, int[] indices) {
    byte[] chosen = new byte[Math.multiplyExact(indices.length, size())];
    byte[] chosenLabels = labels == null ? null : new byte[indices.length];
    for (int i = 0; i < indices.length; i++) {
      copyRow(indices[i], chosen, i * size());
      if (labels != null && chosenLabels != null) {
        chosenLabels[i] = labels[indices[i]];
      }
    }
    return new Images(newName, indices.length, height, width, chosen, chosenLabels);
  }

  /**
   * The mean of each pixel over the set, {@code [height·width]}, in [0,1]: what a Bernoulli
   * decoder's output bias is initialised from. Sums of integers, so exact up to the last division.
   */
  public double[] pixelMeans() {
    long[] sums = new long[size()];
    for (int i = 0, at = 0; i < count; i++) {
      for (int p = 0; p < sums.length; p++) {
        sums[p] += pixels[at++] & 0xFF;
      }
    }
    double[] means = new double[sums.length];
    for (int p = 0; p < sums.length; p++) {
      means[p] = sums[p] / (255.0 * count);
    }
    return means;
  }

  @Override
  public String toString() {
    return "%s: %d images of %d x %d".formatted(name, count, height, width);
  }

  private static IllegalArgumentException fail(String name, String text) {
    return new IllegalArgumentException("Images " + name + ": " + text);
  }
}
