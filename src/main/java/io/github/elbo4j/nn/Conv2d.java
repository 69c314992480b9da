package io.github.elbo4j.nn;

import io.github.elbo4j.autodiff.ConvolutionOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.dense.ConvShape;

/** A convolution {@code y = f(x∗W + b)} of images, channel by channel in rows. */
public final class Conv2d implements Network {
  private final ConvShape shape;
  private final Var weight;
  private final Var bias;
  private final Activation activation;

  /** The layer that {@link #declare} put there under {@code name}, of the same shape. */
  public Conv2d(Parameters parameters, String name, ConvShape shape, Activation activation) {
    this.shape = shape;
    this.weight = LayerNorm.parameter(parameters, name + ".weight");
    this.bias = LayerNorm.parameter(parameters, name + ".bias");
    this.activation = activation;
  }

  /**
   * Declares {@code name.weight} [outChannels, inChannels·kh·kw] and {@code name.bias}
   * [outChannels], both at first uniform in ±1/√fan-in, the common default, where an output sees
   * inChannels·kh·kw inputs.
   */
  public static void declare(Parameters.Builder builder, String name, ConvShape shape) {
    Initializer uniform = Initializer.uniform(1 / Math.sqrt(shape.patch()));
    builder.add(name + ".weight", shape.outChannels(), shape.patch(), uniform);
    builder.add(name + ".bias", 1, shape.outChannels(), uniform);
  }

  /** x [B, shape.inSize] to y [B, shape.outSize]. */
  @Override
  public Var forward(Tape tape, Var x) {
    return ConvolutionOps.convolve(tape, shape, x, weight, bias, activation);
  }
}
