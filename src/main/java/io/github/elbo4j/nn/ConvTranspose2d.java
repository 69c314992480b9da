package io.github.elbo4j.nn;

import io.github.elbo4j.autodiff.ConvolutionOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.dense.ConvShape;

/**
 * A transposed convolution of images, from the output to the input of the convolution that its
 * {@link ConvShape} describes: {@link ConvShape#transposed} makes it from the smaller images.
 */
public final class ConvTranspose2d implements Network {
  private final ConvShape shape;
  private final Var weight;
  private final Var bias;
  private final Activation activation;

  /** The layer that {@link #declare} put there under {@code name}, of the same shape. */
  public ConvTranspose2d(
      Parameters parameters, String name, ConvShape shape, Activation activation) {
    this.shape = shape;
    this.weight = LayerNorm.parameter(parameters, name + ".weight");
    this.bias = LayerNorm.parameter(parameters, name + ".bias");
    this.activation = activation;
  }

  /**
   * Declares {@code name.weight} [outChannels, inChannels·kh·kw] of the convolution and {@code
   * name.bias} [inChannels], both at first uniform in ±1/√(inChannels·kh·kw), the common default:
   * the channels counted are those that come out here.
   */
  public static void declare(Parameters.Builder builder, String name, ConvShape shape) {
    Initializer uniform = Initializer.uniform(1 / Math.sqrt(shape.patch()));
    builder.add(name + ".weight", shape.outChannels(), shape.patch(), uniform);
    builder.add(name + ".bias", 1, shape.inChannels(), uniform);
  }

  /** x [B, shape.outSize] to y [B, shape.inSize]. */
  @Override
  public Var forward(Tape tape, Var x) {
    return ConvolutionOps.transposed(tape, shape, x, weight, bias, activation);
  }
}
