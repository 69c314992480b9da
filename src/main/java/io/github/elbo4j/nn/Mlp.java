package io.github.elbo4j.nn;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import java.util.List;

/** Dense layers in a row, all with one activation. No layers at all is the identity. */
public final class Mlp implements Network {
  private final Dense[] layers;

  /** The layers that {@link #declare} put there. */
  public Mlp(Parameters parameters, String name, int count, Activation activation) {
    layers = new Dense[count];
    for (int i = 0; i < count; i++) {
      layers[i] = new Dense(parameters, name + "." + i, activation);
    }
  }

  /**
   * Declares layers {@code name.0}, {@code name.1}, … from width {@code in} through {@code widths};
   * returns the last.
   */
  public static int declare(Parameters.Builder builder, String name, int in, List<Integer> widths) {
    int width = in;
    for (int i = 0; i < widths.size(); i++) {
      Dense.declare(
          builder,
          name + "." + i,
          width,
          widths.get(i),
          Initializer.fanInUniform(),
          Initializer.zeros());
      width = widths.get(i);
    }
    return width;
  }

  /** x [R,in] to [R,last width]. */
  @Override
  public Var forward(Tape tape, Var x) {
    Var h = x;
    for (Dense layer : layers) {
      h = layer.forward(tape, h);
    }
    return h;
  }
}
