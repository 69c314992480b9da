package io.github.elbo4j.train;

import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of a mini-batch: pixels as bytes, and what the model sees of them. Kept from step to
 * step.
 */
final class Batch {
  private final byte[] bytes;
  private final Tensor floats;
  private final int size;
  private final Var input = new Var();
  private ByteTensor pixels;
  private Tensor data;
  private ByteTensor otherPixels;
  private Tensor otherData;

  /**
   * Buffers for up to {@code rows} examples of {@code size} pixels; the pixels are the host's, what
   * the model sees is in the memory of its backend.
   */
  Batch(int rows, int size, MemoryKernels memory) {
    this.bytes = new byte[Math.multiplyExact(rows, size)];
    this.floats = memory.allocate(bytes.length);
    this.size = size;
    this.pixels = new ByteTensor(bytes, 0, rows, size);
    this.data = floats.slice(0, Shape.of(rows, size));
    this.otherPixels = pixels;
    this.otherData = data;
  }

  /** Where the pixels of the next batch are put, row by row. */
  byte[] bytes() {
    return bytes;
  }

  /**
   * Turns the first {@code rows} rows of {@link #bytes} into the model's input: x/255, or draws
   * with that probability.
   *
   * @param binarize names the draws, or null for none
   */
  Var load(Backend backend, int rows, @Nullable NoiseKey binarize) {
    if (pixels.rows() != rows) {
      resize(rows);
    }
    if (binarize == null) {
      backend.pixels().scale(pixels, data);
    } else {
      backend.pixels().binarize(binarize, 0, pixels, data);
    }
    return input.setConstant(data);
  }

  /** Takes the views of the size before last, made anew where that is not the one. */
  private void resize(int rows) {
    ByteTensor formerPixels = pixels;
    Tensor formerData = data;
    boolean known = otherPixels.rows() == rows;
    pixels = known ? otherPixels : new ByteTensor(bytes, 0, rows, size);
    data = known ? otherData : floats.slice(0, Shape.of(rows, size));
    otherPixels = formerPixels;
    otherData = formerData;
  }
}
