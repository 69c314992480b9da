package io.github.elbo4j.vi.flow;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.CouplingOps;
import io.github.elbo4j.autodiff.SplineOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A coupling step: one half of the dimensions stays and drives, with h, what happens to the other.
 * Steps in a row take turns in which half stays. A network of one hidden layer of tanh reads (kept
 * half, h); its output layer starts at 0, where every step is the identity. Both directions cost
 * one pass of it.
 */
public final class CouplingFlow implements Flow {
  /** What happens to the half that moves. */
  public enum Kind {
    /** {@code z' = z + t}, which keeps volumes: NICE (Dinh et al. 2015). */
    ADDITIVE,
    /**
     * {@code z' = z·exp(scale·tanh(s)) + t} with a learned scale for each dimension: RealNVP (Dinh
     * et al. 2017).
     */
    AFFINE,
    /**
     * A monotone rational-quadratic spline of {@value #BINS} bins on [−{@value #BOUND}, {@value
     * #BOUND}] and the identity outside (Durkan et al. 2019).
     */
    SPLINE
  }

  static final int BINS = 8;
  static final float BOUND = 5;

  /** softplus(x) is 1 less the kernel's least derivative here: the spline is the identity. */
  private static final double UNIT_DERIVATIVE = Math.log(Math.expm1(1 - 1e-3));

  /**
   * Coupling steps in a row.
   *
   * @param kind of all steps
   * @param steps &gt;= 1
   * @param width of the hidden layer, &gt;= 1
   */
  public record Spec(Kind kind, int steps, int width) implements FlowSpec {
    public Spec {
      FlowSpec.atLeastOne(steps);
      if (width < 1) {
        throw new IllegalArgumentException("flow: width " + width + " must be >= 1");
      }
    }

    @Override
    public void declare(Parameters.Builder builder, String name, int dimensions, int context) {
      if (dimensions < 2) {
        throw new IllegalArgumentException(ONE_DIMENSION);
      }
      for (int i = 0; i < steps; i++) {
        int kept = kept(dimensions, i);
        String step = name + "." + i;
        Dense.declare(
            builder,
            step + ".hidden",
            kept + context,
            width,
            Initializer.fanInUniform(),
            Initializer.zeros());
        declareOutput(builder, step, dimensions - kept);
      }
    }

    private void declareOutput(Parameters.Builder builder, String step, int moved) {
      Initializer zeros = Initializer.zeros();
      if (kind == Kind.SPLINE) {
        int knots = (3 * BINS - 1) * moved;
        Dense.declare(builder, step + ".knots", width, knots, zeros, identity(moved));
        return;
      }
      Dense.declare(builder, step + ".t", width, moved, zeros, zeros);
      if (kind == Kind.AFFINE) {
        Dense.declare(builder, step + ".s", width, moved, zeros, zeros);
        builder.add(step + ".scale", 1, moved, Initializer.constant(1));
      }
    }

    /** Bins of one size, then derivatives of 1. */
    private static Initializer identity(int moved) {
      return (values, noise) -> {
        for (int i = 0; i < values.size(); i++) {
          boolean derivative = i >= 2 * BINS * moved;
          values.array()[values.offset() + i] = derivative ? (float) UNIT_DERIVATIVE : 0;
        }
      };
    }

    @Override
    public Flow build(Parameters parameters, String name, int dimensions, boolean conditioned) {
      Flow[] built = new Flow[steps];
      for (int i = 0; i < steps; i++) {
        built[i] = CouplingFlow.of(this, parameters, name + "." + i, dimensions, i);
      }
      return new Steps(built);
    }
  }

  /** Why there is no coupling of one dimension. */
  public static final String ONE_DIMENSION =
      "a coupling flow lets one half of the latent dimensions drive the other, so it needs at least"
          + " 2 of them";

  private final Kind kind;
  private final boolean firstStays;
  private final int kept;
  private final int moving;
  private final Dense hidden;
  private final Dense output; // t, or the knots of the spline
  private final @Nullable Dense s;
  private final @Nullable Var scale;

  private CouplingFlow(
      Kind kind,
      boolean firstStays,
      int kept,
      int moving,
      Dense hidden,
      Dense output,
      @Nullable Dense s,
      @Nullable Var scale) {
    this.kind = kind;
    this.firstStays = firstStays;
    this.kept = kept;
    this.moving = moving;
    this.hidden = hidden;
    this.output = output;
    this.s = s;
    this.scale = scale;
  }

  private static CouplingFlow of(Spec spec, Parameters p, String name, int dimensions, int step) {
    int kept = kept(dimensions, step);
    String output = name + (spec.kind == Kind.SPLINE ? ".knots" : ".t");
    boolean affine = spec.kind == Kind.AFFINE;
    return new CouplingFlow(
        spec.kind,
        step % 2 == 0,
        kept,
        dimensions - kept,
        new Dense(p, name + ".hidden", Activation.TANH),
        new Dense(p, output, Activation.NONE),
        affine ? new Dense(p, name + ".s", Activation.NONE) : null,
        affine ? Var.parameter(p.value(name + ".scale"), p.gradient(name + ".scale")) : null);
  }

  /** Dimensions that stay in a step: the first half in even ones, the others in odd ones. */
  private static int kept(int dimensions, int step) {
    return step % 2 == 0 ? dimensions / 2 : dimensions - dimensions / 2;
  }

  @Override
  public Var forward(Tape tape, Var z, @Nullable Var h, Var logDet) {
    return couple(tape, z, h, logDet, false);
  }

  @Override
  public Var inverse(Tape tape, Var moved, @Nullable Var h, Var logDet) {
    return couple(tape, moved, h, logDet, true);
  }

  private Var couple(Tape tape, Var z, @Nullable Var h, Var logDet, boolean inverse) {
    Var stays = ComposeOps.columns(tape, z, firstStays ? 0 : moving, kept);
    Var moves = ComposeOps.columns(tape, z, firstStays ? kept : 0, moving);
    Var read = h == null ? stays : ComposeOps.concat(tape, stays, h);
    Var moved = move(tape, moves, hidden.forward(tape, read), logDet, inverse);
    return firstStays
        ? ComposeOps.concat(tape, stays, moved)
        : ComposeOps.concat(tape, moved, stays);
  }

  private Var move(Tape tape, Var z, Var u, Var logDet, boolean inverse) {
    Tensor all = tape.arena().take(moving); // on the device where the others are
    tape.backend().memory().fill(all, 1);
    Var t = output.forward(tape, u);
    if (kind == Kind.SPLINE) {
      return inverse
          ? SplineOps.inverse(tape, z, t, all, BINS, BOUND, logDet)
          : SplineOps.transform(tape, z, t, all, BINS, BOUND, logDet);
    }
    if (s == null || scale == null) {
      return inverse
          ? CouplingOps.additiveInverse(tape, z, t, all)
          : CouplingOps.additive(tape, z, t, all);
    }
    Var bounded = s.forward(tape, u);
    return inverse
        ? CouplingOps.affineInverse(tape, z, t, bounded, scale, all, logDet)
        : CouplingOps.affine(tape, z, t, bounded, scale, all, logDet);
  }

  @Override
  public Flow detached() {
    return new CouplingFlow(
        kind,
        firstStays,
        kept,
        moving,
        hidden.detached(),
        output.detached(),
        s == null ? null : s.detached(),
        scale == null ? null : Var.constant(scale.value()));
  }
}
