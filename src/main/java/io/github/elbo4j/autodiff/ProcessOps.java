package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.covariance.LinearSystem;
import io.github.elbo4j.kernel.dense.Activation;
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

  /**
   * Mean and variance of D independent Gaussian processes, which share a kernel. A node only so
   * that the tape keeps it and a step allocates none: gradients go through the nodes of its parts.
   */
  public static final class Conditional extends Node {
    private Var mean = new Var();
    private Var variance = new Var();

    private Conditional() {}

    /** The means, [R,D]. */
    public Var mean() {
      return mean;
    }

    /** The variance of each process at a point, [R]. */
    public Var variance() {
      return variance;
    }

    @Override
    protected boolean reached() {
      return false;
    }

    @Override
    protected void backward(Backend kernels) {}
  }

  /**
   * What Gaussian processes are at R points, given their values at M others (Rasmussen and Williams
   * 2006, eqs. 2.25 and 2.26; the variational Gaussian process of Tran et al. 2016): with {@code K
   * + jitter·I = L·Lᵀ} over the known points and {@code V = L⁻¹·K(known, points)},
   *
   * <pre>
   * mean     = K(points, known)·L⁻ᵀ·L⁻¹·values
   * variance = exp(logVariance) − Σ_i V[i,r]²
   * </pre>
   *
   * @param known [M,C]
   * @param values [M,D]
   * @param points [R,C]
   * @param logWeight [C]
   * @param logVariance one element
   * @throws io.github.elbo4j.kernel.covariance.NotPositiveDefiniteException where known points
   *     coincide and the jitter is too small
   */
  public static Conditional conditional(
      Tape tape, Var known, Var values, Var points, Var logWeight, Var logVariance, float jitter) {
    int m = known.value().rows();
    int r = points.value().rows();
    int d = values.value().columns();
    if (values.value().rows() != m) {
      throw new IllegalArgumentException(
          "conditional: values %s must have a row for each of known %s"
              .formatted(values.value().shape(), known.value().shape()));
    }
    Var kernel = ard(tape, known, null, logWeight, logVariance, jitter);
    Var l = CholeskyOps.cholesky(tape, ShapeOps.reshape(tape, kernel, 1, m * m));
    Var weights =
        CholeskyOps.solve(tape, LinearSystem.FULL, l, ShapeOps.reshape(tape, values, 1, m * d));
    Var mean =
        DenseOps.dense(
            tape,
            ard(tape, points, known, logWeight, logVariance, 0),
            ShapeOps.reshape(tape, weights, m, d),
            null,
            Activation.NONE);
    Var across = ard(tape, known, points, logWeight, logVariance, 0);
    Var v =
        CholeskyOps.solve(tape, LinearSystem.LOWER, l, ShapeOps.reshape(tape, across, 1, m * r));
    Var variance = conditionalVariance(tape, ShapeOps.reshape(tape, v, m, r), logVariance);
    Conditional n = tape.next(Conditional.class, Conditional::new);
    n.mean = mean;
    n.variance = variance;
    return n;
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
