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

  /** Tensors as vectors; the last two are kept, since a short batch comes between full ones. */
  private static final class Flat {
    private Tensor of = Tensor.EMPTY;
    private Tensor vector = Tensor.EMPTY;
    private Tensor formerOf = Tensor.EMPTY;
    private Tensor formerVector = Tensor.EMPTY;

    Tensor flat(Tensor t) {
      if (of != t) {
        Tensor lastOf = of;
        Tensor last = vector;
        of = t;
        vector = formerOf == t ? formerVector : t.slice(0, Shape.of(t.size()));
        formerOf = lastOf;
        formerVector = last;
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
