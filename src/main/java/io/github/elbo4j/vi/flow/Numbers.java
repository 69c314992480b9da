package io.github.elbo4j.vi.flow;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * The numbers that define a step: amortised, read off h by a dense layer, a row for each data
 * point; or shared, one row of parameters for all of them.
 */
final class Numbers {
  /** Of the layer's weights: at first all data points have nearly the same step. */
  private static final double WEIGHT_SPREAD = 0.01;

  private final @Nullable Dense head;
  private final @Nullable Var row;

  private Numbers(@Nullable Dense head, @Nullable Var row) {
    this.head = head;
    this.row = row;
  }

  /**
   * Declares them under {@code name}.
   *
   * @param context H
   * @param columns how many numbers
   * @param spread standard deviation of their first values
   */
  static void declare(
      Parameters.Builder builder,
      String name,
      int context,
      int columns,
      boolean shared,
      double spread) {
    Initializer numbers = Initializer.normal(spread);
    if (shared) {
      builder.add(name, 1, columns, numbers);
    } else {
      Initializer weights = Initializer.normal(WEIGHT_SPREAD);
      Dense.declare(builder, name, context, columns, weights, numbers);
    }
  }

  /** Those that {@link #declare} put there. */
  static Numbers of(Parameters parameters, String name, boolean shared) {
    return shared
        ? new Numbers(null, Var.parameter(parameters.value(name), parameters.gradient(name)))
        : new Numbers(new Dense(parameters, name, Activation.NONE), null);
  }

  /** [P,columns], P 1 or B. */
  Var read(Tape tape, @Nullable Var h) {
    if (head != null && h != null) {
      return head.forward(tape, h);
    }
    if (row == null) {
      throw new IllegalArgumentException("flow: a flow with amortised steps needs h");
    }
    return row;
  }

  Numbers detached() {
    return new Numbers(
        head == null ? null : head.detached(), row == null ? null : Var.constant(row.value()));
  }
}
