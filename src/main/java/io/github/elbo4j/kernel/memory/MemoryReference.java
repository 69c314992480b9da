package io.github.elbo4j.kernel.memory;

import io.github.elbo4j.tensor.Tensor;

/**
 * The law for {@link MemoryKernels}: one element at a time. In float32: no result is rounded more
 * than once.
 */
public final class MemoryReference extends MemoryKernels {
  @Override
  protected void doFill(Tensor out, float value) {
    for (int i = 0; i < out.size(); i++) {
      out.array()[out.offset() + i] = value;
    }
  }

  @Override
  protected void doCopy(Tensor from, Tensor to) {
    for (int i = 0; i < from.size(); i++) {
      to.array()[to.offset() + i] = from.array()[from.offset() + i];
    }
  }

  @Override
  protected void doAdd(Tensor from, Tensor to) {
    for (int i = 0; i < from.size(); i++) {
      to.array()[to.offset() + i] += from.array()[from.offset() + i];
    }
  }

  @Override
  protected void doSwap(Tensor a, Tensor b) {
    for (int i = 0; i < a.size(); i++) {
      float value = a.array()[a.offset() + i];
      a.array()[a.offset() + i] = b.array()[b.offset() + i];
      b.array()[b.offset() + i] = value;
    }
  }
}
