package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;

/**
 * Log-probabilities of {@link io.github.elbo4j.kernel.discrete.ScoreKernels} on the tape. Summed
 * with a learning signal as constant weights their gradient is the score-function estimate.
 */
public final class ScoreOps {
  private ScoreOps() {}

  /**
   * Log density of a diagonal Gaussian at points that are given. The two parameters need a gradient
   * both or neither.
   *
   * @param z [R,D]; a constant, or with a gradient of its own
   * @param mu [B,D], R = B·K
   * @param logVar [B,D]
   * @return [R] nats
   */
  public static Var gaussianLogProb(Tape tape, Var z, Var mu, Var logVar) {
    if (tape.recording()) {
      GaussianOps.bothOrNeither("gaussianLogProb", "mu", mu, "logVar", logVar);
    }
    GaussianNode n = tape.next(GaussianNode.class, GaussianNode::new);
    n.z = z;
    n.mu = mu;
    n.logVar = logVar;
    boolean needed = z.needsGradient() || mu.needsGradient();
    Tensor logQ = tape.open(n.logQ, needed, z.value().rows());
    tape.backend().score().gaussianLogProb(z.value(), mu.value(), logVar.value(), logQ);
    return n.logQ;
  }

  /**
   * Log-probability of binary latents, which get no gradient.
   *
   * @param x [R,N] of 0 and 1
   * @param logits [B,N], R = B·K
   * @return [R] nats
   */
  public static Var bernoulliLogProb(Tape tape, Tensor x, Var logits) {
    BernoulliNode n = tape.next(BernoulliNode.class, BernoulliNode::new);
    n.x = x;
    n.logits = logits;
    Tensor logQ = tape.open(n.logQ, logits.needsGradient(), x.rows());
    tape.backend().score().bernoulliLogProb(x, logits.value(), logQ);
    return n.logQ;
  }

  private static final class GaussianNode extends Node {
    private Var z = new Var();
    private Var mu = new Var();
    private Var logVar = new Var();
    private final Var logQ = new Var();

    @Override
    protected boolean reached() {
      return logQ.needsGradient() && !logQ.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = logQ.gradient();
      if (g != null) {
        kernels
            .score()
            .gaussianLogProbBackward(
                z.value(),
                mu.value(),
                logVar.value(),
                g,
                z.gradient(),
                mu.gradient(),
                logVar.gradient());
      }
    }
  }

  private static final class BernoulliNode extends Node {
    private Tensor x = Tensor.EMPTY;
    private Var logits = new Var();
    private final Var logQ = new Var();

    @Override
    protected boolean reached() {
      return logQ.needsGradient() && !logQ.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = logQ.gradient();
      Tensor dLogits = logits.gradient();
      if (g != null && dLogits != null) {
        kernels.score().bernoulliLogProbBackward(x, logits.value(), g, dLogits);
      }
    }
  }
}
