package io.github.elbo4j.nn;

import io.github.elbo4j.autodiff.NormalizationOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;

/** Layer normalisation with a learned gain and bias for each of its D features (Ba et al. 2016). */
public final class LayerNorm implements Network {
  /** What is added to the variance unless the caller says otherwise. */
  public static final float EPSILON = 1e-5f;

  private final Var gain;
  private final Var bias;
  private final float epsilon;

  /** The layer that {@link #declare} put there under {@code name}. */
  public LayerNorm(Parameters parameters, String name) {
    this(parameters, name, EPSILON);
  }

  /** The same with another epsilon. */
  public LayerNorm(Parameters parameters, String name, float epsilon) {
    this.gain = parameter(parameters, name + ".gain");
    this.bias = parameter(parameters, name + ".bias");
    this.epsilon = epsilon;
  }

  /** Declares {@code name.gain} [D], at first 1, and {@code name.bias} [D], at first 0. */
  public static void declare(Parameters.Builder builder, String name, int d) {
    builder.add(name + ".gain", 1, d, Initializer.constant(1));
    builder.add(name + ".bias", 1, d, Initializer.zeros());
  }

  static Var parameter(Parameters parameters, String name) {
    return Var.parameter(parameters.value(name), parameters.gradient(name));
  }

  /** x [R,D] to y [R,D]. */
  @Override
  public Var forward(Tape tape, Var x) {
    return NormalizationOps.layerNorm(tape, x, gain, bias, epsilon);
  }
}
