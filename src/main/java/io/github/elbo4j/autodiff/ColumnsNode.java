package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Columns of a, all columns of b to their right where there is a b, their rows repeated. */
final class ColumnsNode extends Node {
  private Var a = new Var();
  private int first;
  private int count;
  private @Nullable Var b;
  private int countB;
  final Var out = new Var();

  Tensor open(Tape tape, boolean needed, int rows, int columns) {
    Tensor opened = tape.open(out, needed, rows, columns);
    tape.backend().memory().fill(opened, 0);
    return opened;
  }

  void set(
      Backend kernels,
      Var left,
      int firstColumn,
      int columns,
      @Nullable Var right,
      int columnsRight,
      Tensor to) {
    a = left;
    first = firstColumn;
    count = columns;
    b = right;
    countB = columnsRight;
    kernels.compose().addColumns(a.value(), first, to, 0, count);
    if (right != null) {
      kernels.compose().addColumns(right.value(), 0, to, count, countB);
    }
  }

  @Override
  protected boolean reached() {
    return out.needsGradient() && !out.untouched();
  }

  @Override
  protected void backward(Backend kernels) {
    Tensor g = out.gradient();
    Tensor dA = a.gradient();
    Tensor dB = b == null ? null : b.gradient();
    if (g != null && dA != null) {
      kernels.compose().addColumnsBackward(g, 0, dA, first, count);
    }
    if (g != null && dB != null) {
      kernels.compose().addColumnsBackward(g, count, dB, 0, countB);
    }
  }
}
