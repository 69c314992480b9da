package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link io.github.elbo4j.kernel.likelihood.LikelihoodKernels} on the tape; data never get a
 * gradient.
 */
public final class LikelihoodOps {
  private LikelihoodOps() {}

  /**
   * Bernoulli log-likelihood of each row.
   *
   * @param logits [R,N]
   * @param x [B,N] in [0,1]; R = B·K
   * @return [R]
   */
  public static Var bernoulli(Tape tape, Var logits, Tensor x) {
    BernoulliNode n = open(tape, logits);
    n.x = x;
    tape.backend().likelihood().bernoulli(logits.value(), x, n.logLik.value());
    return n.logLik;
  }

  /** The same with pixels scaled by 1/255 inside the kernel. */
  public static Var bernoulli(Tape tape, Var logits, ByteTensor x) {
    BernoulliNode n = open(tape, logits);
    n.bytes = x;
    tape.backend().likelihood().bernoulli(logits.value(), x, n.logLik.value());
    return n.logLik;
  }

  /**
   * The same with each pixel replaced by a draw inside the kernel, the same forwards and backwards.
   *
   * @param binarize names the draws; copied, so that the caller may move it to another step at once
   */
  public static Var bernoulli(Tape tape, Var logits, ByteTensor x, NoiseKey binarize) {
    BernoulliNode n = open(tape, logits);
    n.bytes = x;
    n.binarize = n.copyOf(binarize);
    tape.backend().likelihood().bernoulli(logits.value(), x, binarize, n.logLik.value());
    return n.logLik;
  }

  /**
   * Gaussian log-likelihood of each row.
   *
   * @param mean [R,N]
   * @param x [B,N]
   * @param logVar 1 element, [N] or [R,N]; a constant for a fixed variance
   * @return [R]
   */
  public static Var gaussian(Tape tape, Var mean, Tensor x, Var logVar) {
    GaussianNode n = open(tape, mean, logVar);
    n.x = x;
    tape.backend().likelihood().gaussian(mean.value(), x, logVar.value(), n.logLik.value());
    return n.logLik;
  }

  /** The same with pixels scaled by 1/255 inside the kernel. */
  public static Var gaussian(Tape tape, Var mean, ByteTensor x, Var logVar) {
    GaussianNode n = open(tape, mean, logVar);
    n.bytes = x;
    tape.backend().likelihood().gaussian(mean.value(), x, logVar.value(), n.logLik.value());
    return n.logLik;
  }

  private static GaussianNode open(Tape tape, Var mean, Var logVar) {
    GaussianNode n = tape.next(GaussianNode.class, GaussianNode::new);
    n.mean = mean;
    n.logVar = logVar;
    n.x = null;
    n.bytes = null;
    boolean needed = mean.needsGradient() || logVar.needsGradient();
    tape.open(n.logLik, needed, mean.value().rows());
    return n;
  }

  private static BernoulliNode open(Tape tape, Var logits) {
    BernoulliNode n = tape.next(BernoulliNode.class, BernoulliNode::new);
    n.logits = logits;
    n.x = null;
    n.bytes = null;
    n.binarize = null;
    tape.open(n.logLik, logits.needsGradient(), logits.value().rows());
    return n;
  }

  private static final class BernoulliNode extends Node {
    private Var logits = new Var();
    private @Nullable Tensor x;
    private @Nullable ByteTensor bytes;
    private @Nullable NoiseKey binarize;
    private NoiseKey own = new NoiseKey(0, 0);
    private final Var logLik = new Var();

    /** A key of this node's own; a new object only where seed or stream differ from before. */
    NoiseKey copyOf(NoiseKey key) {
      if (own.seed() != key.seed() || own.stream() != key.stream()) {
        own = new NoiseKey(key.seed(), key.stream());
      }
      return own.at(key.step());
    }

    @Override
    protected boolean reached() {
      return logLik.needsGradient() && !logLik.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = logLik.gradient();
      Tensor dLogits = logits.gradient();
      if (g == null || dLogits == null) {
        return;
      }
      if (x != null) {
        kernels.likelihood().bernoulliBackward(logits.value(), x, g, dLogits);
      } else if (bytes != null && binarize != null) {
        kernels.likelihood().bernoulliBackward(logits.value(), bytes, binarize, g, dLogits);
      } else if (bytes != null) {
        kernels.likelihood().bernoulliBackward(logits.value(), bytes, g, dLogits);
      }
    }
  }

  private static final class GaussianNode extends Node {
    private Var mean = new Var();
    private @Nullable Tensor x;
    private @Nullable ByteTensor bytes;
    private Var logVar = new Var();
    private final Var logLik = new Var();

    @Override
    protected boolean reached() {
      return logLik.needsGradient() && !logLik.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = logLik.gradient();
      if (g == null) {
        return;
      }
      Tensor m = mean.value();
      Tensor v = logVar.value();
      if (x != null) {
        kernels.likelihood().gaussianBackward(m, x, v, g, mean.gradient(), logVar.gradient());
      } else if (bytes != null) {
        kernels.likelihood().gaussianBackward(m, bytes, v, g, mean.gradient(), logVar.gradient());
      }
    }
  }
}
