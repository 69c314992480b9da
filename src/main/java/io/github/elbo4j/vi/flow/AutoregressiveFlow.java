package io.github.elbo4j.vi.flow;

import io.github.elbo4j.autodiff.CouplingOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Made;
import io.github.elbo4j.nn.MadeMasks;
import io.github.elbo4j.nn.Parameters;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An autoregressive step with a masked network (MADE) of one hidden layer of tanh that reads
 * (input, h) and gives m and s of each dimension from the dimensions before it; the order is
 * reversed from step to step.
 *
 * <pre>
 * parallel     y_i = g_i·x_i + (1 − g_i)·m_i     m, s of x, g = sigmoid(s): one pass of the network
 * sequential   x_i = m_i + (y_i − m_i)/g_i       m, s of x: D passes, one dimension after another
 * </pre>
 *
 * <p>As a posterior, which is sampled in training, the inverse autoregressive flow (Kingma et al.
 * 2016) maps noise to z in parallel: it is the cheap one, and the density of a z that it did not
 * draw itself takes D passes. The masked autoregressive flow (Papamakarios et al. 2017) is the same
 * the other way round: each sample takes D passes, the density of any z one. {@link
 * io.github.elbo4j.nn.AutoregressiveStep} is the step whose sequential direction has no gradients.
 */
public final class AutoregressiveFlow implements Flow {
  /**
   * Autoregressive steps in a row.
   *
   * @param steps &gt;= 1
   * @param width of the hidden layer, &gt;= 1
   * @param masked whether z is found from noise one dimension after another: MAF, not IAF
   */
  public record Spec(int steps, int width, boolean masked) implements FlowSpec {
    public Spec {
      FlowSpec.atLeastOne(steps);
      if (width < 1) {
        throw new IllegalArgumentException("flow: width " + width + " must be >= 1");
      }
    }

    @Override
    public void declare(Parameters.Builder builder, String name, int dimensions, int context) {
      for (int i = 0; i < steps; i++) {
        Made.declare(builder, name + "." + i, masks(dimensions, i, context > 0), context);
      }
    }

    @Override
    public Flow build(Parameters parameters, String name, int dimensions, boolean conditioned) {
      Flow[] built = new Flow[steps];
      for (int i = 0; i < steps; i++) {
        MadeMasks masks = masks(dimensions, i, conditioned);
        Made made =
            new Made(parameters, name + "." + i, masks, conditioned ? 1 : 0, Activation.TANH);
        built[i] = new AutoregressiveFlow(made, masked);
      }
      return new Steps(built);
    }

    private MadeMasks masks(int dimensions, int step, boolean conditioned) {
      return MadeMasks.inTurn(dimensions, List.of(width), step % 2 == 1, conditioned);
    }
  }

  private final Made network;
  private final boolean masked;

  private AutoregressiveFlow(Made network, boolean masked) {
    this.network = network;
    this.masked = masked;
  }

  @Override
  public Var forward(Tape tape, Var z, @Nullable Var h, Var logDet) {
    return masked ? network.gatedInverse(tape, z, h, logDet) : parallel(tape, z, h, logDet);
  }

  @Override
  public Var inverse(Tape tape, Var moved, @Nullable Var h, Var logDet) {
    return masked ? parallel(tape, moved, h, logDet) : network.gatedInverse(tape, moved, h, logDet);
  }

  private Var parallel(Tape tape, Var x, @Nullable Var h, Var logDet) {
    Made.Outputs o = network.forward(tape, x, h);
    return CouplingOps.gated(tape, x, o.m(), o.s(), logDet);
  }

  @Override
  public Flow detached() {
    return new AutoregressiveFlow(network.detached(), masked);
  }
}
