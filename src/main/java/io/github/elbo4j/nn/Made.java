package io.github.elbo4j.nn;

import io.github.elbo4j.autodiff.CouplingOps;
import io.github.elbo4j.autodiff.FlowOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import org.jspecify.annotations.Nullable;

/**
 * A masked network with two numbers for each dimension, m and s, of which those of dimension i
 * depend on inputs before i only, in the order of its {@link MadeMasks}: the network of an
 * autoregressive flow. A context, the encoder's h say, reaches all of them (Kingma et al. 2016).
 */
public final class Made {
  /** What s starts at: gates nearly open, so that a flow starts near the identity (ibid.). */
  private static final float OPEN = 2;

  private final MaskedDense[] hidden;
  private final MaskedDense m;
  private final MaskedDense s;
  private final int dimensions;
  private final boolean context;
  private final Outputs outputs = new Outputs();

  /** What {@link #forward} gives; the same object each time. */
  public static final class Outputs {
    private Var m = new Var();
    private Var s = new Var();

    private Outputs() {}

    /** [R,D]. */
    public Var m() {
      return m;
    }

    /** [R,D]. */
    public Var s() {
      return s;
    }
  }

  /**
   * The network that {@link #declare} put there under {@code name}.
   *
   * @param masks those it was declared with; at least one hidden layer where there is a context
   */
  public Made(
      Parameters parameters, String name, MadeMasks masks, int context, Activation activation) {
    this.context = context > 0;
    this.dimensions = masks.output().columns();
    hidden = new MaskedDense[masks.layers()];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] =
          new MaskedDense(
              parameters, name + "." + i, masks.hidden(i), i == 0 && context > 0, activation);
    }
    m = new MaskedDense(parameters, name + ".m", masks.output(), false, Activation.NONE);
    s = new MaskedDense(parameters, name + ".s", masks.output(), false, Activation.NONE);
  }

  private Made(Made learned) {
    hidden = new MaskedDense[learned.hidden.length];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = learned.hidden[i].detached();
    }
    m = learned.m.detached();
    s = learned.s.detached();
    dimensions = learned.dimensions;
    context = learned.context;
  }

  /** The same network, read but not learned: gradients pass through it and leave nothing in it. */
  public Made detached() {
    return new Made(this);
  }

  /**
   * Declares hidden layers {@code name.0}, {@code name.1}, …, the first with a context of so many
   * columns when that is not 0, and the outputs {@code name.m} and {@code name.s}.
   */
  public static void declare(
      Parameters.Builder builder, String name, MadeMasks masks, int context) {
    if (context > 0 && masks.layers() == 0) {
      throw new IllegalArgumentException("Made: a context needs a hidden layer");
    }
    Initializer weight = Initializer.fanInUniform();
    for (int i = 0; i < masks.layers(); i++) {
      MaskedDense.declare(
          builder,
          name + "." + i,
          masks.hidden(i),
          i == 0 ? context : 0,
          weight,
          Initializer.zeros());
    }
    MaskedDense.declare(builder, name + ".m", masks.output(), 0, weight, Initializer.zeros());
    MaskedDense.declare(
        builder, name + ".s", masks.output(), 0, weight, Initializer.constant(OPEN));
  }

  /** D. */
  public int dimensions() {
    return dimensions;
  }

  /**
   * m and s of each row.
   *
   * @param z [R,D]
   * @param h the context, [B,C] with R a multiple of B, or null where none was declared
   */
  public Outputs forward(Tape tape, Var z, @Nullable Var h) {
    checkContext(h);
    return pass(tape, z, h == null ? null : hidden[0].shift(tape, h));
  }

  /**
   * z of z' where {@code z' = g·z + (1 − g)·m} with m and s of z and {@code g = sigmoid(s)}, with
   * gradients: D passes, each of which makes one more dimension right, whatever the others hold,
   * and its derivative, since a dimension depends on earlier ones alone. The context is read once.
   *
   * @param moved z', [R,D]
   * @param h see {@link #forward}
   * @param logDet log|det ∂z/∂z'| is added, {@link FlowOps#logDet}
   */
  public Var gatedInverse(Tape tape, Var moved, @Nullable Var h, Var logDet) {
    checkContext(h);
    Var shift = h == null ? null : hidden[0].shift(tape, h);
    Var unused = FlowOps.logDet(tape, moved.value().rows());
    Var z = moved;
    for (int i = 1; i <= dimensions; i++) {
      Outputs o = pass(tape, z, shift);
      z = CouplingOps.gatedInverse(tape, moved, o.m(), o.s(), i == dimensions ? logDet : unused);
    }
    return z;
  }

  private void checkContext(@Nullable Var h) {
    if ((h != null) != context) {
      throw new IllegalArgumentException(
          "Made: a context must be given to a network declared with one, and to no other");
    }
  }

  private Outputs pass(Tape tape, Var z, @Nullable Var shift) {
    Var v = z;
    for (int i = 0; i < hidden.length; i++) {
      v = i == 0 && shift != null ? hidden[0].shifted(tape, v, shift) : hidden[i].forward(tape, v);
    }
    outputs.m = m.forward(tape, v);
    outputs.s = s.forward(tape, v);
    return outputs;
  }
}
