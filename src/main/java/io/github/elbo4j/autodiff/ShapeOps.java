package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;

/** The same elements in another shape, on the tape. */
public final class ShapeOps {
  private ShapeOps() {}

  /**
   * A copy of x in another shape, in the same order.
   *
   * @param x any shape
   * @return [rows,columns], of as many elements
   */
  public static Var reshape(Tape tape, Var x, int rows, int columns) {
    if ((long) rows * columns != x.value().size()) {
      throw new IllegalArgumentException(
          "reshape: x %s must have the %d elements of [%d,%d]"
              .formatted(x.value().shape(), (long) rows * columns, rows, columns));
    }
    ReshapeNode n = tape.next(ReshapeNode.class, ReshapeNode::new);
    n.x = x;
    Tensor out = tape.open(n.out, x.needsGradient(), rows, columns);
    tape.backend().memory().copy(n.from.flat(x.value()), n.to.flat(out));
    return n.out;
  }

  /**
   * A tensor as a vector: made anew only when the tensor is neither of the last two, those of a
   * whole batch and of a short last one.
   */
  private static final class Flat {
    private Tensor of = Tensor.EMPTY;
    private Tensor vector = Tensor.EMPTY;
    private Tensor before = Tensor.EMPTY;
    private Tensor vectorBefore = Tensor.EMPTY;

    Tensor flat(Tensor t) {
      if (of != t) {
        Tensor last = of;
        Tensor lastVector = vector;
        of = before;
        vector = vectorBefore;
        before = last;
        vectorBefore = lastVector;
      }
      if (of != t) {
        of = t;
        vector = t.slice(0, Shape.of(t.size()));
      }
      return vector;
    }
  }

  private static final class ReshapeNode extends Node {
    private Var x = new Var();
    private final Var out = new Var();
    private final Flat from = new Flat();
    private final Flat to = new Flat();
    private final Flat fromGradient = new Flat();
    private final Flat toGradient = new Flat();

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor dX = x.gradient();
      if (g != null && dX != null) {
        kernels.memory().add(fromGradient.flat(g), toGradient.flat(dX));
      }
    }
  }
}
