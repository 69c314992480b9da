package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Layers whose weights are masked, on the tape: see {@link
 * io.github.elbo4j.kernel.dense.DenseKernels#mask}. The weight must be masked already; its gradient
 * is masked here.
 */
public final class MaskedOps {
  private MaskedOps() {}

  /**
   * {@code y = f(x·w + bias)}, where w is 0 wherever its mask is.
   *
   * <p>As in {@link DenseOps#dense} the backward pass uses the gradient of y as scratch.
   *
   * @param x [R,In]
   * @param w [In,Out]
   * @param mask [In,Out], 0 or not
   * @param bias [Out]
   * @return y, [R,Out]
   */
  public static Var dense(Tape tape, Var x, Var w, Tensor mask, Var bias, Activation f) {
    MaskedNode n = tape.next(MaskedNode.class, MaskedNode::new);
    n.open(tape, x, w, mask, bias, f);
    tape.backend().dense().forward(x.value(), w.value(), bias.value(), f, n.pre, n.y.value());
    return n.y;
  }

  /**
   * {@code y = f(x·w + context[b])}: a bias for each data point, of which x has K rows.
   *
   * @param context [B,Out], R a multiple of B
   */
  public static Var conditioned(Tape tape, Var x, Var w, Tensor mask, Var context, Activation f) {
    ConditionedNode n = tape.next(ConditionedNode.class, ConditionedNode::new);
    n.open(tape, x, w, mask, context, f);
    Tensor product = n.pre == null ? n.y.value() : n.pre;
    tape.backend().dense().gemm(x.value(), false, w.value(), false, false, product);
    tape.backend().dense().condition(product, context.value(), f, n.pre, n.y.value());
    return n.y;
  }

  /** What both layers hold. */
  private abstract static class LayerNode extends Node {
    Var x = new Var();
    Var w = new Var();
    Var added = new Var();
    Tensor mask = Tensor.EMPTY;
    Activation f = Activation.NONE;
    @Nullable Tensor pre;
    final Var y = new Var();

    void open(Tape tape, Var input, Var weight, Tensor kept, Var shift, Activation activation) {
      x = input;
      w = weight;
      mask = kept;
      added = shift;
      f = activation;
      int rows = x.value().rows();
      int columns = w.value().columns();
      boolean needed = x.needsGradient() || w.needsGradient() || added.needsGradient();
      pre = f.needsPre() ? tape.arena().take(rows, columns) : null;
      tape.open(y, needed, rows, columns);
    }

    @Override
    protected boolean reached() {
      return y.needsGradient() && !y.untouched();
    }
  }

  private static final class MaskedNode extends LayerNode {
    @Override
    protected void backward(Backend kernels) {
      Tensor dY = y.gradient();
      if (dY == null) {
        return;
      }
      boolean addToX = !x.untouched();
      Tensor dX = x.gradientToOverwrite();
      Tensor dW = w.gradient();
      kernels
          .dense()
          .backward(
              x.value(),
              w.value(),
              f,
              pre,
              y.value(),
              dY,
              dY,
              addToX,
              dX,
              true,
              dW,
              added.gradient());
      if (dW != null) {
        kernels.dense().mask(mask, dW);
      }
    }
  }

  private static final class ConditionedNode extends LayerNode {
    @Override
    protected void backward(Backend kernels) {
      Tensor dY = y.gradient();
      if (dY == null) {
        return;
      }
      kernels.dense().conditionBackward(f, pre, y.value(), dY, dY, added.gradient());
      boolean addToX = !x.untouched();
      Tensor dX = x.gradientToOverwrite();
      if (dX != null) {
        kernels.dense().gemm(dY, false, w.value(), true, addToX, dX);
      }
      Tensor dW = w.gradient();
      if (dW != null) {
        kernels.dense().gemm(x.value(), true, dY, false, true, dW);
        kernels.dense().mask(mask, dW);
      }
    }
  }
}
