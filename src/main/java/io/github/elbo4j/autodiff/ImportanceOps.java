package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link io.github.elbo4j.kernel.importance.ImportanceKernels} on the tape.
 *
 * <p>The doubly reparameterised gradient (Tucker et al. 2019): everything that reaches the
 * importance weights through the sample z, that is z on its way into the decoder and the log
 * densities of z (log q with its parameters held fixed), goes through {@link #path} first; the
 * bound is then told to the paths.
 *
 * <pre>{@code
 * Path z = ImportanceOps.path(tape, sample.z());
 * Path logPMinusLogQ = ImportanceOps.path(tape, …);        // of LOG_DENSITIES_STL
 * Bound bound = ImportanceOps.bound(tape, logW, points, alpha);
 * z.weightedBy(bound);
 * logPMinusLogQ.weightedBy(bound);
 * }</pre>
 */
public final class ImportanceOps {
  private ImportanceOps() {}

  /**
   * The Rényi bound of each data point; α = 0 is the IWAE bound.
   *
   * @param logW B·K elements, those of a data point side by side
   * @param points B
   * @param alpha see {@link io.github.elbo4j.kernel.importance.ImportanceKernels#bound}
   */
  public static Bound bound(Tape tape, Var logW, int points, float alpha) {
    Bound n = tape.next(Bound.class, Bound::new);
    n.logW = logW;
    n.alpha = alpha;
    int rows = logW.value().size();
    Tensor bound = tape.open(n.bound, logW.needsGradient(), points);
    n.weights = tape.open(n.weightsVar, false, rows);
    n.ess = tape.open(n.essVar, false, points);
    tape.backend().importance().bound(logW.value(), alpha, bound, n.weights, n.ess);
    return n;
  }

  /** A copy of {@code v}, R rows, whose gradient is doubly reparameterised on its way back. */
  public static Path path(Tape tape, Var v) {
    Path n = tape.next(Path.class, Path::new);
    n.in = v;
    n.bound = null;
    Tensor value = v.value();
    boolean vector = value.shape().rank() == 1;
    Tensor out =
        vector
            ? tape.open(n.out, v.needsGradient(), value.size())
            : tape.open(n.out, v.needsGradient(), value.rows(), value.columns());
    tape.backend().memory().copy(value, out);
    return n;
  }

  /** The outputs of {@link #bound}. */
  public static final class Bound extends Node {
    private Var logW = new Var();
    private float alpha;
    private final Var bound = new Var();
    private final Var weightsVar = new Var();
    private final Var essVar = new Var();
    private Tensor weights = Tensor.EMPTY;
    private Tensor ess = Tensor.EMPTY;

    /** [B]. */
    public Var bound() {
      return bound;
    }

    /** The normalised weights, [B·K]; they have no gradient. */
    public Tensor weights() {
      return weights;
    }

    /** The effective sample sizes, [B]; they have no gradient. */
    public Tensor ess() {
      return ess;
    }

    @Override
    protected boolean reached() {
      return bound.needsGradient() && !bound.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = bound.gradient();
      Tensor dLogW = logW.gradient();
      if (g != null && dLogW != null) {
        kernels.importance().boundBackward(weights, g, dLogW);
      }
    }
  }

  /** See {@link #path}. */
  public static final class Path extends Node {
    private Var in = new Var();
    private final Var out = new Var();
    private @Nullable Bound bound;

    /** What goes on to the importance weights. */
    public Var out() {
      return out;
    }

    /** Names the bound that {@link #out} ends in, before the tape is walked backwards. */
    public void weightedBy(Bound of) {
      bound = of;
    }

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      if (bound == null) {
        throw new IllegalStateException(
            "backward: a path was not told the bound it is weighted by");
      }
      Tensor g = out.gradient();
      Tensor d = in.gradient();
      if (g != null && d != null) {
        kernels.importance().doublyReparameterizedBackward(bound.weights, bound.alpha, g, d);
      }
    }
  }
}
