package io.github.elbo4j.autodiff;

import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Buffers handed out in order and taken back all at once: step n+1 asks for the same shapes as step
 * n and gets the very tensors of step n. A step of other shapes (a short last batch) looks at the
 * same memory with other shapes; only a larger one allocates.
 */
public final class Arena {
  private final List<Tensor> tensors = new ArrayList<>();
  private int next;
  private long floats;

  /** The next buffer as {@code [rows, columns]}, with unspecified content. */
  public Tensor take(int rows, int columns) {
    Tensor t = candidate();
    if (t.shape().rank() == 2 && t.shape().dim(0) == rows && t.shape().dim(1) == columns) {
      next++;
      return t;
    }
    return place(rows, columns);
  }

  /** The next buffer as a vector {@code [length]}, with unspecified content. */
  public Tensor take(int length) {
    Tensor t = candidate();
    if (t.shape().rank() == 1 && t.shape().dim(0) == length && next < tensors.size()) {
      next++;
      return t;
    }
    return place(length);
  }

  /** Takes every buffer back; what was handed out must not be used any more. */
  public void rewind() {
    next = 0;
  }

  /** Floats held, used or not. */
  public long capacity() {
    return floats;
  }

  private Tensor candidate() {
    return next < tensors.size() ? tensors.get(next) : Tensor.EMPTY;
  }

  private Tensor place(int... dims) {
    Shape shape = Shape.of(dims); // refuses more elements than an array can have
    int size = shape.size();
    float[] array = candidate().array();
    if (array.length < size || next == tensors.size()) {
      floats += size - array.length;
      array = new float[size];
    }
    Tensor t = Tensor.of(array, 0, shape);
    if (next == tensors.size()) {
      tensors.add(t);
    } else {
      tensors.set(next, t);
    }
    next++;
    return t;
  }
}
