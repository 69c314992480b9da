package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * More likelihoods on the tape, beside {@link LikelihoodOps}: of {@link
 * io.github.elbo4j.kernel.likelihood.LikelihoodKernels} and {@link
 * io.github.elbo4j.kernel.likelihood.LevelsKernels}. Data never get a gradient; each returns the
 * log-likelihood of each row, [R].
 */
public final class DensityOps {
  private DensityOps() {}

  private enum Density {
    CONTINUOUS_BERNOULLI,
    LAPLACE,
    CATEGORICAL,
    DISCRETIZED_LOGISTIC
  }

  /**
   * Continuous Bernoulli.
   *
   * @param logits [R,N]
   * @param x [B,N] in [0,1]; R = B·K
   */
  public static Var continuousBernoulli(Tape tape, Var logits, Tensor x) {
    DensityNode n = open(tape, Density.CONTINUOUS_BERNOULLI, logits, null, x, null);
    tape.backend().likelihood().continuousBernoulli(logits.value(), x, n.logLik.value());
    return n.logLik;
  }

  /** The same with pixels scaled by 1/255 inside the kernel. */
  public static Var continuousBernoulli(Tape tape, Var logits, ByteTensor x) {
    DensityNode n = open(tape, Density.CONTINUOUS_BERNOULLI, logits, null, null, x);
    tape.backend().likelihood().continuousBernoulli(logits.value(), x, n.logLik.value());
    return n.logLik;
  }

  /**
   * Laplace.
   *
   * @param mean [R,N]
   * @param x [B,N]
   * @param logScale 1 element, [N] or [R,N]; a constant for a fixed scale
   */
  public static Var laplace(Tape tape, Var mean, Tensor x, Var logScale) {
    DensityNode n = open(tape, Density.LAPLACE, mean, logScale, x, null);
    tape.backend().likelihood().laplace(mean.value(), x, logScale.value(), n.logLik.value());
    return n.logLik;
  }

  /** The same with pixels scaled by 1/255 inside the kernel. */
  public static Var laplace(Tape tape, Var mean, ByteTensor x, Var logScale) {
    DensityNode n = open(tape, Density.LAPLACE, mean, logScale, null, x);
    tape.backend().likelihood().laplace(mean.value(), x, logScale.value(), n.logLik.value());
    return n.logLik;
  }

  /**
   * Categorical.
   *
   * @param logits [R,N·C]
   * @param x [B,N] levels 0 … C−1
   */
  public static Var categorical(Tape tape, Var logits, ByteTensor x) {
    DensityNode n = open(tape, Density.CATEGORICAL, logits, null, null, x);
    tape.backend().levels().categorical(logits.value(), x, n.logLik.value());
    return n.logLik;
  }

  /**
   * Discretised logistic.
   *
   * @param mean [R,N], in units of x/255
   * @param x [B,N] levels 0 … 255
   * @param logScale 1 element, [N] or [R,N]; a constant for a fixed scale
   */
  public static Var discretizedLogistic(Tape tape, Var mean, ByteTensor x, Var logScale) {
    DensityNode n = open(tape, Density.DISCRETIZED_LOGISTIC, mean, logScale, null, x);
    tape.backend()
        .levels()
        .discretizedLogistic(mean.value(), x, logScale.value(), n.logLik.value());
    return n.logLik;
  }

  private static DensityNode open(
      Tape tape,
      Density density,
      Var parameter,
      @Nullable Var scale,
      @Nullable Tensor x,
      @Nullable ByteTensor bytes) {
    DensityNode n = tape.next(DensityNode.class, DensityNode::new);
    n.density = density;
    n.parameter = parameter;
    n.scale = scale;
    n.x = x;
    n.bytes = bytes;
    boolean needed = parameter.needsGradient() || (scale != null && scale.needsGradient());
    tape.open(n.logLik, needed, parameter.value().rows());
    return n;
  }

  private static final class DensityNode extends Node {
    private Density density = Density.LAPLACE;
    private Var parameter = new Var();
    private @Nullable Var scale;
    private @Nullable Tensor x;
    private @Nullable ByteTensor bytes;
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
      if (scale != null) {
        ofLocationAndScale(kernels, scale, g);
        return;
      }
      Tensor to = parameter.gradient();
      if (to != null && x != null) {
        kernels.likelihood().continuousBernoulliBackward(parameter.value(), x, g, to);
      } else if (to != null && bytes != null) {
        ofLogits(kernels, bytes, g, to);
      }
    }

    private void ofLogits(Backend kernels, ByteTensor data, Tensor g, Tensor to) {
      if (density == Density.CATEGORICAL) {
        kernels.levels().categoricalBackward(parameter.value(), data, g, to);
      } else {
        kernels.likelihood().continuousBernoulliBackward(parameter.value(), data, g, to);
      }
    }

    private void ofLocationAndScale(Backend kernels, Var logScale, Tensor g) {
      Tensor m = parameter.value();
      Tensor s = logScale.value();
      Tensor dMean = parameter.gradient();
      Tensor dScale = logScale.gradient();
      if (x != null) {
        kernels.likelihood().laplaceBackward(m, x, s, g, dMean, dScale);
      } else if (bytes != null && density == Density.LAPLACE) {
        kernels.likelihood().laplaceBackward(m, bytes, s, g, dMean, dScale);
      } else if (bytes != null) {
        kernels.levels().discretizedLogisticBackward(m, bytes, s, g, dMean, dScale);
      }
    }
  }
}
