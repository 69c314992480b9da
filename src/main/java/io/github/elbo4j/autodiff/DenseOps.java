package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link io.github.elbo4j.kernel.dense.DenseKernels} on the tape. */
public final class DenseOps {
  private DenseOps() {}

  /**
   * {@code y = f(x·w + bias)}.
   *
   * <p>The backward pass turns the gradient of y into that of {@code x·w + bias} in place, so that
   * it needs no buffer of its own: afterwards {@code y.gradient()} is not d loss / d y.
   *
   * @param x [R,In]
   * @param w [In,Out]
   * @param bias [Out], or null
   * @return y, [R,Out]
   */
  public static Var dense(Tape tape, Var x, Var w, @Nullable Var bias, Activation f) {
    DenseNode n = tape.next(DenseNode.class, DenseNode::new);
    n.x = x;
    n.w = w;
    n.bias = bias;
    n.f = f;
    int rows = x.value().rows();
    int columns = w.value().columns();
    boolean needed =
        x.needsGradient() || w.needsGradient() || (bias != null && bias.needsGradient());
    n.pre = f.needsPre() ? tape.arena().take(rows, columns) : null;
    Tensor y = tape.open(n.y, needed, rows, columns);
    Tensor b = bias == null ? null : bias.value();
    tape.backend().dense().forward(x.value(), w.value(), b, f, n.pre, y);
    return n.y;
  }

  private static final class DenseNode extends Node {
    private Var x = new Var();
    private Var w = new Var();
    private @Nullable Var bias;
    private Activation f = Activation.NONE;
    private @Nullable Tensor pre;
    private final Var y = new Var();

    @Override
    protected boolean reached() {
      return y.needsGradient() && !y.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor dY = y.gradient();
      if (dY == null) {
        return;
      }
      boolean addToX = !x.untouched();
      Tensor dX = x.gradientToOverwrite();
      Tensor dW = w.gradient();
      Tensor dBias = bias == null ? null : bias.gradient();
      kernels
          .dense()
          .backward(x.value(), w.value(), f, pre, y.value(), dY, dY, addToX, dX, true, dW, dBias);
    }
  }
}
