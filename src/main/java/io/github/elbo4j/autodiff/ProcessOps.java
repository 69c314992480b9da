package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link io.github.elbo4j.kernel.divergence.ProcessKernels} on the tape. */
public final class ProcessOps {
  private ProcessOps() {}

  /**
   * The ARD kernel matrix.
   *
   * @param x [N,C]
   * @param y [M,C], or null for x itself
   * @param logWeight [C]
   * @param logVariance one element
   * @param jitter added to the diagonal; 0 unless y is null
   * @return [N,M]
   */
  public static Var ard(
      Tape tape, Var x, @Nullable Var y, Var logWeight, Var logVariance, float jitter) {
    ArdNode n = tape.next(ArdNode.class, ArdNode::new);
    n.x = x;
    n.y = y;
    n.logWeight = logWeight;
    n.logVariance = logVariance;
    boolean needed =
        x.needsGradient()
            || (y != null && y.needsGradient())
            || logWeight.needsGradient()
            || logVariance.needsGradient();
    int columns = y == null ? x.value().rows() : y.value().rows();
    Tensor k = tape.open(n.k, needed, x.value().rows(), columns);
    Tensor other = y == null ? null : y.value();
    tape.backend()
        .process()
        .ard(x.value(), other, logWeight.value(), logVariance.value(), jitter, k);
    return n.k;
  }

  /**
   * The variance that is left at R points.
   *
   * @param v [M,R]: L⁻¹ times the kernel matrix of the known points with these
   * @param logVariance one element
   * @return [R]
   */
  public static Var conditionalVariance(Tape tape, Var v, Var logVariance) {
    VarianceNode n = tape.next(VarianceNode.class, VarianceNode::new);
    n.v = v;
    n.logVariance = logVariance;
    boolean needed = v.needsGradient() || logVariance.needsGradient();
    Tensor variance = tape.open(n.variance, needed, v.value().columns());
    tape.backend().process().conditionalVariance(v.value(), logVariance.value(), variance);
    return n.variance;
  }

  /**
   * The covariance that is left at R points.
   *
   * @param k [R,R]: the kernel matrix of these points
   * @param v [M,R]
   * @return [R,R]
   */
  public static Var conditionalCovariance(Tape tape, Var k, Var v) {
    CovarianceNode n = tape.next(CovarianceNode.class, CovarianceNode::new);
    n.k = k;
    n.v = v;
    int r = v.value().columns();
    Tensor covariance = tape.open(n.covariance, k.needsGradient() || v.needsGradient(), r, r);
    tape.backend().process().conditionalCovariance(k.value(), v.value(), covariance);
    return n.covariance;
  }

  private static final class ArdNode extends Node {
    private Var x = new Var();
    private @Nullable Var y;
    private Var logWeight = new Var();
    private Var logVariance = new Var();
    private final Var k = new Var();

    @Override
    protected boolean reached() {
      return k.needsGradient() && !k.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = k.gradient();
      if (g != null) {
        kernels
            .process()
            .ardBackward(
                x.value(),
                y == null ? null : y.value(),
                logWeight.value(),
                logVariance.value(),
                g,
                x.gradient(),
                y == null ? null : y.gradient(),
                logWeight.gradient(),
                logVariance.gradient());
      }
    }
  }

  private static final class VarianceNode extends Node {
    private Var v = new Var();
    private Var logVariance = new Var();
    private final Var variance = new Var();

    @Override
    protected boolean reached() {
      return variance.needsGradient() && !variance.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = variance.gradient();
      if (g != null) {
        kernels
            .process()
            .conditionalVarianceBackward(
                v.value(),
                logVariance.value(),
                variance.value(),
                g,
                v.gradient(),
                logVariance.gradient());
      }
    }
  }

  private static final class CovarianceNode extends Node {
    private Var k = new Var();
    private Var v = new Var();
    private final Var covariance = new Var();

    @Override
    protected boolean reached() {
      return covariance.needsGradient() && !covariance.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = covariance.gradient();
      if (g != null) {
        kernels.process().conditionalCovarianceBackward(v.value(), g, k.gradient(), v.gradient());
      }
    }
  }
}
