package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@code y += scale·x} and {@code y += x·other}, on all threads where there is much of it. */
final class ElementTask extends KernelTask {
  private static final int BLOCK = 16384;
  private static final ThreadLocal<ElementTask> LOCAL = ThreadLocal.withInitial(ElementTask::new);

  private Tensor x = Tensor.EMPTY;
  private float scale;
  private @Nullable Tensor other;
  private Tensor y = Tensor.EMPTY;

  private ElementTask() {}

  static void addScaled(Tensor x, float scale, Tensor y) {
    LOCAL.get().run(x, scale, null, y);
  }

  static void addProduct(Tensor a, Tensor b, Tensor y) {
    LOCAL.get().run(a, 1, b, y);
  }

  private void run(Tensor from, float by, @Nullable Tensor times, Tensor to) {
    x = from;
    scale = by;
    other = times;
    y = to;
    fork(Math.ceilDiv(x.size(), BLOCK), x.size());
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    other = null;
    y = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int at = block * BLOCK;
    int n = Math.min(BLOCK, x.size() - at);
    Tensor b = other;
    if (b == null) {
      ComposeRows.addScaled(x.array(), x.offset() + at, scale, y.array(), y.offset() + at, n);
    } else {
      ComposeRows.addProduct(
          x.array(), x.offset() + at, b.array(), b.offset() + at, y.array(), y.offset() + at, n);
    }
  }
}
