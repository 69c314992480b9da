package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;

/**
 * A conditional Gaussian N(mu(v), exp(logVar(v))) with independent dimensions: one hidden layer of
 * tanh and two heads. {@link #read} comes first, then {@link #mu} and {@link #logVar} of what it
 * read.
 */
public final class GaussianNetwork {
  private final Dense hidden;
  private final Dense mu;
  private final Dense logVar;
  private final LogVarBounds bounds;

  /** The network that {@link #declare} put there under {@code name}. */
  public GaussianNetwork(Parameters parameters, String name, LogVarBounds bounds) {
    hidden = new Dense(parameters, name + ".hidden", Activation.TANH);
    mu = new Dense(parameters, name + ".mu", Activation.NONE);
    logVar = new Dense(parameters, name + ".logVar", Activation.NONE);
    this.bounds = bounds;
  }

  /** Declares the layers from {@code in} through {@code width} to {@code out} dimensions. */
  public static void declare(Parameters.Builder builder, String name, int in, int width, int out) {
    Initializer weights = Initializer.fanInUniform();
    Initializer zeros = Initializer.zeros();
    Dense.declare(builder, name + ".hidden", in, width, weights, zeros);
    Dense.declare(builder, name + ".mu", width, out, weights, zeros);
    Dense.declare(builder, name + ".logVar", width, out, weights, zeros);
  }

  /** v [R,in] to the hidden layer [R,width]. */
  public Var read(Tape tape, Var v) {
    return hidden.forward(tape, v);
  }

  /** Mean, [R,out], of what was {@link #read}. */
  public Var mu(Tape tape, Var read) {
    return mu.forward(tape, read);
  }

  /** log σ² within its bounds, [R,out], of what was {@link #read}. */
  public Var logVar(Tape tape, Var read) {
    return bounds.apply(tape, logVar.forward(tape, read));
  }
}
