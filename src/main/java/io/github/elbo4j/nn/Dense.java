package io.github.elbo4j.nn;

import io.github.elbo4j.autodiff.DenseOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;

/**
 * A dense layer {@code y = f(x·W + b)} with W [in,out] and b [out] among the {@link Parameters}.
 */
public final class Dense implements Network {
  private final Var weight;
  private final Var bias;
  private final Activation activation;

  /** The layer that {@link #declare} put there under {@code name}. */
  public Dense(Parameters parameters, String name, Activation activation) {
    this.weight =
        Var.parameter(parameters.value(name + ".weight"), parameters.gradient(name + ".weight"));
    this.bias =
        Var.parameter(parameters.value(name + ".bias"), parameters.gradient(name + ".bias"));
    this.activation = activation;
  }

  private Dense(Var weight, Var bias, Activation activation) {
    this.weight = weight;
    this.bias = bias;
    this.activation = activation;
  }

  /** The same layer, read but not learned: gradients pass through it and leave nothing in it. */
  public Dense detached() {
    return new Dense(Var.constant(weight.value()), Var.constant(bias.value()), activation);
  }

  /** Declares {@code name.weight} [in,out] and {@code name.bias} [out]. */
  public static void declare(
      Parameters.Builder builder,
      String name,
      int in,
      int out,
      Initializer weight,
      Initializer bias) {
    builder.add(name + ".weight", in, out, weight);
    builder.add(name + ".bias", 1, out, bias);
  }

  /** x [R,in] to y [R,out]. */
  @Override
  public Var forward(Tape tape, Var x) {
    return forward(tape, x, activation);
  }

  /**
   * The same with another activation: a likelihood's mean is its natural parameter through a link.
   */
  public Var forward(Tape tape, Var x, Activation other) {
    return DenseOps.dense(tape, x, weight, bias, other);
  }
}
