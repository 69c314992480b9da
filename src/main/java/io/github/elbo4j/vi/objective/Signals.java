package io.github.elbo4j.vi.objective;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.Node;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.ShapeOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Pass;

/**
 * Learning signals of score-function estimators: constants that the gradient of log q is weighted
 * with, computed by {@link io.github.elbo4j.kernel.discrete.ScoreKernels}. All are [rows,columns],
 * and the samples of a row are each other's baseline.
 */
final class Signals extends Node {
  private final Var out = new Var();

  private Signals() {}

  /** How many data points a pass has, at least one: a loss is a mean. */
  static int points(Pass pass) {
    int points = pass.data().points();
    if (points == 0) {
      throw new IllegalArgumentException(
          "Objective: data of 0 points must not be empty: the loss is a mean");
    }
    return points;
  }

  private static Var open(Tape tape, int rows, int columns) {
    Signals n = tape.next(Signals.class, Signals::new);
    tape.open(n.out, false, rows, columns);
    return n.out;
  }

  /** The mean of the others of its row, for each element; columns &gt;= 2. */
  static Var others(Tape tape, Var f) {
    Tensor value = f.value();
    Var mean = open(tape, value.rows(), value.columns());
    tape.backend().score().leaveOneOut(value, mean.value());
    return mean;
  }

  /** f less the mean of the others of its row; f itself where there are none. */
  static Var centred(Tape tape, Var f) {
    return f.value().columns() < 2
        ? f.detached()
        : ComposeOps.sum(tape, f.detached(), 1, others(tape, f), -1);
  }

  /** How much each sample adds to the bound of its row. */
  static Var vimco(Tape tape, Var logW) {
    Tensor value = logW.value();
    Var signal = open(tape, value.rows(), value.columns());
    tape.backend().score().vimco(value, null, signal.value());
    return signal;
  }

  /** The scale of h that leaves f the least variance in each row, [rows,1]. */
  static Var coefficient(Tape tape, Var f, Var h) {
    Var coefficient = open(tape, f.value().rows(), 1);
    tape.backend().score().controlVariate(f.value(), h.value(), coefficient.value(), null);
    return coefficient;
  }

  /** A copy of x as [rows,columns]. */
  static Var shaped(Tape tape, Var x, int rows, int columns) {
    return ShapeOps.reshape(tape, x, rows, columns);
  }

  /**
   * {@code −mean signal·log q}, whose gradient is the score-function estimate.
   *
   * @param signal a constant
   * @param logQ of the same shape
   */
  static Var score(Tape tape, Var signal, Var logQ) {
    Var product = ComposeOps.product(tape, signal, logQ);
    return ReduceOps.weightedSum(tape, product, -1f / product.value().size());
  }

  /** {@code loss}, to whose gradient that of {@code term} is added; its value stays. */
  static Var withGradientOf(Tape tape, Var loss, Var term) {
    Var zero = ComposeOps.sum(tape, term, 1, term.detached(), -1);
    return ComposeOps.sum(tape, loss, 1, zero, 1);
  }

  @Override
  protected boolean reached() {
    return false;
  }

  @Override
  protected void backward(Backend kernels) {}
}
