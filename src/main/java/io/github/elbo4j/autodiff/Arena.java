package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Buffers handed out in order and taken back all at once: step n+1 asks for the same shapes as step
 * n and gets the very tensors of step n. A step of other shapes (a short last batch) looks at the
 * same memory with other shapes, and the step after it finds the former tensors again; only a
 * larger shape allocates memory.
 */
public final class Arena {
  private final MemoryKernels memory;
  private final List<Slot> slots = new ArrayList<>();
  private int next;
  private long floats;

  /** An empty arena over the memory of a backend. */
  public Arena(MemoryKernels memory) {
    this.memory = memory;
  }

  /** The next buffer as {@code [rows, columns]}, with unspecified content. */
  public Tensor take(int rows, int columns) {
    Slot slot = nextSlot();
    if (!isMatrix(slot.view, rows, columns)) {
      slot.swap();
      if (!isMatrix(slot.view, rows, columns)) {
        place(slot, Shape.of(rows, columns));
      }
    }
    return slot.view;
  }

  /** The next buffer as a vector {@code [length]}, with unspecified content. */
  public Tensor take(int length) {
    Slot slot = nextSlot();
    if (!isVector(slot.view, length)) {
      slot.swap();
      if (!isVector(slot.view, length)) {
        place(slot, Shape.of(length));
      }
    }
    return slot.view;
  }

  /** Takes every buffer back; what was handed out must not be used any more. */
  public void rewind() {
    next = 0;
  }

  /** Floats held, used or not. */
  public long capacity() {
    return floats;
  }

  private static boolean isMatrix(Tensor t, int rows, int columns) {
    Shape shape = t.shape();
    return shape.rank() == 2 && shape.dim(0) == rows && shape.dim(1) == columns;
  }

  private static boolean isVector(Tensor t, int length) {
    return t.shape().rank() == 1 && t.shape().dim(0) == length;
  }

  private Slot nextSlot() {
    if (next == slots.size()) {
      slots.add(new Slot());
    }
    return slots.get(next++);
  }

  private void place(Slot slot, Shape shape) {
    if (slot.buffer.size() < shape.size()) {
      floats += shape.size() - slot.buffer.size();
      slot.buffer = memory.allocate(shape.size());
      slot.other = Tensor.EMPTY; // it looks at the old memory
    }
    slot.view = slot.buffer.slice(0, shape);
  }

  /** One buffer with the two views that were asked for last. */
  private static final class Slot {
    private Tensor buffer = Tensor.EMPTY;
    private Tensor view = Tensor.EMPTY;
    private Tensor other = Tensor.EMPTY;

    void swap() {
      Tensor former = view;
      view = other;
      other = former;
    }
  }
}
