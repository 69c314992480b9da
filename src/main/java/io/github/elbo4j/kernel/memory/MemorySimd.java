package io.github.elbo4j.kernel.memory;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/** {@link MemoryKernels}: the JDK's own loops, and one that C2 turns into vectors by itself. */
public final class MemorySimd extends MemoryKernels {
  @Override
  protected void doFill(Tensor out, float value) {
    Arrays.fill(out.array(), out.offset(), out.offset() + out.size(), value);
  }

  @Override
  protected void doCopy(Tensor from, Tensor to) {
    System.arraycopy(from.array(), from.offset(), to.array(), to.offset(), from.size());
  }

  @Override
  protected void doAdd(Tensor from, Tensor to) {
    Lanes.add(from.array(), from.offset(), to.array(), to.offset(), from.size());
  }

  @Override
  protected void doSwap(Tensor a, Tensor b) {
    float[] x = a.array();
    float[] y = b.array();
    int xFrom = a.offset();
    int yFrom = b.offset();
    int n = a.size();
    for (int i = 0; i < n; i++) {
      float value = x[xFrom + i];
      x[xFrom + i] = y[yFrom + i];
      y[yFrom + i] = value;
    }
  }
}
