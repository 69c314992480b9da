package io.github.elbo4j.train;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Observed;
import java.util.Arrays;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of a mini-batch: pixels and labels as bytes, and what the model sees of them. Kept
 * from step to step.
 */
final class Batch {
  private final byte[] bytes;
  private final byte[] labels;
  private final byte[] levelBytes;
  private final Tensor floats;
  private final float[] oneHot;
  private final int size;
  private final int classes;
  private final int levels;
  private final Observed observed = new Observed();
  private Views views;
  private Views otherViews;

  /** The buffers as so many rows. */
  private record Views(
      ByteTensor pixels, Tensor data, @Nullable Tensor condition, ByteTensor levels) {}

  /**
   * Buffers for up to {@code rows} examples of {@code size} pixels.
   *
   * @param memory gives floats where the model sees them
   * @param classes of the labels that the model is told, or 0 for none
   * @param levels that the likelihood counts in, or 0 for none
   */
  Batch(int rows, int size, int classes, int levels, IntFunction<Tensor> memory) {
    this.bytes = new byte[Math.multiplyExact(rows, size)];
    this.labels = new byte[rows];
    this.levelBytes = levels == 0 || levels == 256 ? bytes : new byte[bytes.length];
    this.floats = memory.apply(bytes.length);
    this.oneHot = new float[Math.multiplyExact(rows, classes)];
    this.size = size;
    this.classes = classes;
    this.levels = levels;
    this.views = views(rows);
    this.otherViews = views;
  }

  /** Where the pixels of the next batch are put, row by row. */
  byte[] bytes() {
    return bytes;
  }

  /** Where the labels of the next batch are put, where the model is told any. */
  byte[] labels() {
    return labels;
  }

  /** Puts images {@code first} … into the first {@code rows} rows. */
  Batch fill(Images images, int first, int rows) {
    for (int i = 0; i < rows; i++) {
      images.copyRow(first + i, bytes, i * size);
    }
    byte[] known = images.labels();
    if (classes > 0 && known != null) {
      System.arraycopy(known, first, labels, 0, rows);
    }
    return this;
  }

  /**
   * Turns the first {@code rows} rows of {@link #bytes} into the model's input: x/255, or draws
   * with that probability.
   *
   * @param binarize names the draws, or null for none
   */
  Observed load(Backend backend, int rows, @Nullable NoiseKey binarize) {
    prepare(rows);
    return convert(backend, binarize);
  }

  /** The host's part of {@link #load}: what kernels read of the first {@code rows} rows. */
  void prepare(int rows) {
    if (views.pixels().rows() != rows) {
      resize(rows);
    }
    if (classes > 0) {
      tell(rows);
    }
    if (levels > 0 && levels < 256) {
      for (int i = 0; i < rows * size; i++) {
        levelBytes[i] = (byte) (((bytes[i] & 0xFF) * levels) >> 8);
      }
    }
  }

  /** The kernels' part of {@link #load}: from what was {@link #prepare prepared} last. */
  Observed convert(Backend backend, @Nullable NoiseKey binarize) {
    if (binarize == null) {
      backend.pixels().scale(views.pixels(), views.data());
    } else {
      backend.pixels().binarize(binarize, 0, views.pixels(), views.data());
    }
    return observed.set(views.data(), views.condition(), levels == 0 ? null : views.levels());
  }

  /** One-hot labels. */
  private void tell(int rows) {
    Arrays.fill(oneHot, 0, rows * classes, 0);
    for (int i = 0; i < rows; i++) {
      int label = labels[i] & 0xFF;
      if (label >= classes) {
        throw new IllegalArgumentException(
            "label %d: the model knows %d classes".formatted(label, classes));
      }
      oneHot[i * classes + label] = 1;
    }
  }

  private Views views(int rows) {
    return new Views(
        new ByteTensor(bytes, 0, rows, size),
        floats.slice(0, Shape.of(rows, size)),
        classes == 0 ? null : Tensor.of(oneHot, 0, rows, classes),
        new ByteTensor(levelBytes, 0, rows, size));
  }

  /** Takes the views of the size before last, made anew where that is not the one. */
  private void resize(int rows) {
    Views former = views;
    views = otherViews.pixels().rows() == rows ? otherViews : views(rows);
    otherViews = former;
  }
}
