package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.kernel.divergence.DiscrepancyKernels.Kernel;
import io.github.elbo4j.tensor.Tensor;

/** Terms of an objective that compare samples, on the tape. */
public final class DivergenceOps {
  private static final float[] NONE = {};

  private DivergenceOps() {}

  /**
   * Log densities under the aggregated posterior of a minibatch, see {@link
   * io.github.elbo4j.kernel.divergence.CorrelationKernels}. {@code mu} and {@code logVar} need a
   * gradient both or neither.
   *
   * @param z [R,D] samples
   * @param mu [B,D]
   * @param logVar [B,D]
   * @param examples the size of the data set
   */
  public static AggregatedPosterior aggregatedPosterior(
      Tape tape, Var z, Var mu, Var logVar, long examples, Weighting weighting) {
    if (tape.recording()) {
      GaussianOps.bothOrNeither("aggregatedPosterior", "mu", mu, "logVar", logVar);
    }
    AggregatedPosterior n = tape.next(AggregatedPosterior.class, AggregatedPosterior::new);
    n.z = z;
    n.mu = mu;
    n.logVar = logVar;
    n.examples = examples;
    n.weighting = weighting;
    boolean needed = z.needsGradient() || mu.needsGradient();
    n.unused = needed && !mu.needsGradient() ? like(tape, mu) : Tensor.EMPTY;
    n.unusedLogVar = needed && !mu.needsGradient() ? like(tape, mu) : Tensor.EMPTY;
    n.unusedZ = needed && !z.needsGradient() ? like(tape, z) : Tensor.EMPTY;
    Tensor logQ = tape.open(n.logQ, needed, z.value().rows());
    Tensor perDim = tape.open(n.logQPerDim, needed, z.value().rows(), z.value().columns());
    tape.backend()
        .correlation()
        .logDensities(z.value(), mu.value(), logVar.value(), examples, weighting, logQ, perDim);
    return n;
  }

  private static Tensor like(Tape tape, Var v) {
    return tape.arena().take(v.value().rows(), v.value().columns());
  }

  /**
   * Squared maximum mean discrepancy of two samples, one element; see {@link
   * io.github.elbo4j.kernel.divergence.DiscrepancyKernels}.
   *
   * @param x [N,D]
   * @param y [M,D]
   * @param scales of the kernels; must stay as they are until the backward pass
   */
  public static Var mmd(Tape tape, Var x, Var y, Kernel kernel, float[] scales, boolean unbiased) {
    MmdNode n = tape.next(MmdNode.class, MmdNode::new);
    n.x = x;
    n.y = y;
    n.kernel = kernel;
    n.scales = scales;
    n.unbiased = unbiased;
    Tensor mmd = tape.open(n.mmd, x.needsGradient() || y.needsGradient(), 1);
    tape.backend().discrepancy().mmd(x.value(), y.value(), kernel, scales, unbiased, mmd);
    return n.mmd;
  }

  /** The node, and its outputs. */
  public static final class AggregatedPosterior extends Node {
    /** Where gradients go that nobody wants: the kernel gives all three. */
    private Tensor unusedZ = Tensor.EMPTY;

    private Tensor unused = Tensor.EMPTY;
    private Tensor unusedLogVar = Tensor.EMPTY;

    private Var z = new Var();
    private Var mu = new Var();
    private Var logVar = new Var();
    private long examples;
    private Weighting weighting = Weighting.WEIGHTED;
    private final Var logQ = new Var();
    private final Var logQPerDim = new Var();

    private AggregatedPosterior() {}

    /** log q(z), [R]. */
    public Var logQ() {
      return logQ;
    }

    /** log q(z_d), [R,D]. */
    public Var logQPerDim() {
      return logQPerDim;
    }

    @Override
    protected boolean reached() {
      return logQ.needsGradient() && !(logQ.untouched() && logQPerDim.untouched());
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor dZ = z.gradient();
      Tensor dMu = mu.gradient();
      Tensor dLogVar = logVar.gradient();
      kernels
          .correlation()
          .logDensitiesBackward(
              z.value(),
              mu.value(),
              logVar.value(),
              examples,
              weighting,
              logQ.value(),
              logQPerDim.value(),
              logQ.untouched() ? null : logQ.gradient(),
              logQPerDim.untouched() ? null : logQPerDim.gradient(),
              dZ == null ? unusedZ : dZ,
              dMu == null ? unused : dMu,
              dLogVar == null ? unusedLogVar : dLogVar);
    }
  }

  private static final class MmdNode extends Node {
    private Var x = new Var();
    private Var y = new Var();
    private Kernel kernel = Kernel.RBF;
    private float[] scales = NONE;
    private boolean unbiased;
    private final Var mmd = new Var();

    @Override
    protected boolean reached() {
      return mmd.needsGradient() && !mmd.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = mmd.gradient();
      if (g != null) {
        kernels
            .discrepancy()
            .mmdBackward(
                x.value(), y.value(), kernel, scales, unbiased, g, x.gradient(), y.gradient());
      }
    }
  }
}
