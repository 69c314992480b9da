package io.github.elbo4j.kernel.memory;

import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.kernel.Replay;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Memory that the other kernels of a backend can work on, and moving elements about in it. Results
 * are equal to the bit on every backend.
 */
public abstract class MemoryKernels {
  /**
   * A new vector of {@code length} zeros where this backend's kernels read and write. In host
   * memory unless a backend says otherwise.
   */
  public Tensor allocate(int length) {
    return Tensor.zeros(length);
  }

  /**
   * What does work again and again at the price of one launch, on a backend whose kernels run while
   * the host goes on; null where they are done when their method returns.
   *
   * @param results how many numbers the work leaves for the host
   */
  public @Nullable Replay replay(int results) {
    return null;
  }

  /**
   * {@code out = value}.
   *
   * @param out written, any shape
   */
  public final void fill(Tensor out, float value) {
    doFill(out, value);
  }

  /**
   * {@code to = from}.
   *
   * @param from read, any shape
   * @param to written, the shape of {@code from}
   */
  public final void copy(Tensor from, Tensor to) {
    Checks.same("copy", "to", to, "from", from);
    Checks.distinct("copy", "to", to, "from", from);
    doCopy(from, to);
  }

  /**
   * {@code to += from}.
   *
   * @param from read, any shape
   * @param to accumulated, the shape of {@code from}
   */
  public final void add(Tensor from, Tensor to) {
    Checks.same("add", "to", to, "from", from);
    Checks.distinct("add", "to", to, "from", from);
    doAdd(from, to);
  }

  /**
   * Exchanges the elements of two tensors.
   *
   * @param a read and written, any shape
   * @param b read and written, the shape of {@code a}
   */
  public final void swap(Tensor a, Tensor b) {
    Checks.same("swap", "b", b, "a", a);
    Checks.distinct("swap", "b", b, "a", a);
    doSwap(a, b);
  }

  protected abstract void doFill(Tensor out, float value);

  protected abstract void doCopy(Tensor from, Tensor to);

  protected abstract void doAdd(Tensor from, Tensor to);

  protected abstract void doSwap(Tensor a, Tensor b);
}
