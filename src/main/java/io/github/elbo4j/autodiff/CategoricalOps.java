package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link io.github.elbo4j.kernel.discrete.CategoricalKernels} on the tape. */
public final class CategoricalOps {
  private CategoricalOps() {}

  /**
   * Log-probability of the categories {@code index} [R,N], [R].
   *
   * @param logits [B,N·C]
   */
  public static Var logProb(Tape tape, Var logits, int categories, Tensor index) {
    LogProb n = tape.next(LogProb.class, LogProb::new);
    n.take(logits, categories, index, null);
    Tensor out = tape.open(n.out, logits.needsGradient(), index.rows());
    tape.backend().categorical().logProb(logits.value(), categories, index, out);
    return n.out;
  }

  /**
   * Expected log-probability under weights [R,N·C], one-hot or soft, [R].
   *
   * @param logits [B,N·C]
   */
  public static Var logProbOfWeights(Tape tape, Var logits, int categories, Var weights) {
    LogProb n = tape.next(LogProb.class, LogProb::new);
    n.take(logits, categories, null, weights);
    boolean needed = logits.needsGradient() || weights.needsGradient();
    Tensor out = tape.open(n.out, needed, weights.value().rows());
    tape.backend().categorical().logProbOfWeights(logits.value(), categories, weights.value(), out);
    return n.out;
  }

  /** Entropy of each row, [B]. */
  public static Var entropy(Tape tape, Var logits, int categories) {
    Divergence n = tape.next(Divergence.class, Divergence::new);
    n.take(logits, categories, null, true);
    Tensor out = tape.open(n.out, logits.needsGradient(), logits.value().rows());
    tape.backend().categorical().entropy(logits.value(), categories, out);
    return n.out;
  }

  /** KL divergence of each row to the uniform distribution, [B]. */
  public static Var klToUniform(Tape tape, Var logits, int categories) {
    Divergence n = tape.next(Divergence.class, Divergence::new);
    n.take(logits, categories, null, false);
    Tensor out = tape.open(n.out, logits.needsGradient(), logits.value().rows());
    tape.backend().categorical().klToUniform(logits.value(), categories, out);
    return n.out;
  }

  /**
   * KL divergence of each row to another categorical, [B].
   *
   * @param priorLogits [P,N·C], B a multiple of P
   */
  public static Var kl(Tape tape, Var logits, int categories, Var priorLogits) {
    Divergence n = tape.next(Divergence.class, Divergence::new);
    n.take(logits, categories, priorLogits, false);
    boolean needed = logits.needsGradient() || priorLogits.needsGradient();
    Tensor out = tape.open(n.out, needed, logits.value().rows());
    tape.backend().categorical().kl(logits.value(), categories, priorLogits.value(), out);
    return n.out;
  }

  /**
   * Exact marginalisation: logsumexp_c( logPi_c + f_c ) of each variable, [R,N].
   *
   * @param logPi [B,N·C]
   * @param f [R,N·C]
   */
  public static Var marginalize(Tape tape, Var logPi, int categories, Var f) {
    Marginal n = tape.next(Marginal.class, Marginal::new);
    n.logPi = logPi;
    n.f = f;
    n.categories = categories;
    Tensor likelihood = f.value();
    int rows = likelihood.rows();
    boolean needed = logPi.needsGradient() || f.needsGradient();
    n.responsibilities =
        needed && tape.recording() ? tape.arena().take(rows, likelihood.columns()) : null;
    int variables = categories < 1 ? 0 : likelihood.columns() / categories;
    Tensor out = tape.open(n.out, needed, rows, variables);
    tape.backend()
        .categorical()
        .marginalize(logPi.value(), categories, likelihood, out, n.responsibilities);
    return n.out;
  }

  /**
   * Probabilities of the categories, {@code p_c = exp(logits_c − logsumexp_c logits)}.
   *
   * @param logits [R,N·C], unnormalised; log-probabilities too
   * @return [R,N·C]
   */
  public static Var softmax(Tape tape, Var logits, int categories) {
    Softmax n = tape.next(Softmax.class, Softmax::new);
    n.logits = logits;
    n.categories = categories;
    Tensor scores = logits.value();
    int rows = scores.rows();
    int variables = categories < 1 ? 0 : scores.columns() / categories;
    n.scratch = tape.arena().take(rows * variables, Math.max(1, categories));
    n.sums = tape.arena().take(rows * variables);
    n.negated = tape.arena().take(rows * variables);
    n.zeros = tape.arena().take(rows, scores.columns());
    Tensor out = tape.open(n.out, logits.needsGradient(), rows, scores.columns());
    tape.backend().memory().fill(n.zeros, 0);
    tape.backend().categorical().marginalize(scores, categories, n.zeros, n.sums, out);
    return n.out;
  }

  /** The responsibilities of equal likelihoods are the probabilities. */
  private static final class Softmax extends Node {
    private Var logits = new Var();
    private int categories;
    private Tensor scratch = Tensor.EMPTY;
    private Tensor sums = Tensor.EMPTY;
    private Tensor negated = Tensor.EMPTY;
    private Tensor zeros = Tensor.EMPTY;
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    /** {@code dLogits_c += p_c·( g_c − Σ_i g_i·p_i )}. */
    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor dLogits = logits.gradient();
      if (g == null || dLogits == null) {
        return;
      }
      kernels.memory().fill(scratch, 0);
      kernels.memory().fill(sums, 0);
      kernels.memory().fill(negated, 0);
      kernels.compose().addProduct(out.value(), g, scratch);
      kernels.compose().addScaled(scratch, 1, null, dLogits);
      kernels.compose().addRowSums(scratch, sums);
      kernels.compose().addScaled(sums, -1, null, negated);
      kernels.categorical().marginalizeBackward(out.value(), categories, negated, null, dLogits);
    }
  }

  private static final class LogProb extends Node {
    private Var logits = new Var();
    private int categories;
    private @Nullable Tensor index;
    private @Nullable Var weights;
    private final Var out = new Var();

    private void take(Var scores, int c, @Nullable Tensor chosen, @Nullable Var soft) {
      logits = scores;
      categories = c;
      index = chosen;
      weights = soft;
    }

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor dLogits = logits.gradient();
      if (g == null) {
        return;
      }
      if (weights != null) {
        kernels
            .categorical()
            .logProbOfWeightsBackward(
                logits.value(), categories, weights.value(), g, dLogits, weights.gradient());
      } else if (index != null && dLogits != null) {
        kernels.categorical().logProbBackward(logits.value(), categories, index, g, dLogits);
      }
    }
  }

  private static final class Divergence extends Node {
    private Var logits = new Var();
    private int categories;
    private @Nullable Var prior;
    private boolean entropy;
    private final Var out = new Var();

    private void take(Var scores, int c, @Nullable Var other, boolean ofEntropy) {
      logits = scores;
      categories = c;
      prior = other;
      entropy = ofEntropy;
    }

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor dLogits = logits.gradient();
      if (g == null) {
        return;
      }
      if (prior != null) {
        kernels
            .categorical()
            .klBackward(logits.value(), categories, prior.value(), g, dLogits, prior.gradient());
      } else if (dLogits != null && entropy) {
        kernels.categorical().entropyBackward(logits.value(), categories, g, dLogits);
      } else if (dLogits != null) {
        kernels.categorical().klToUniformBackward(logits.value(), categories, g, dLogits);
      }
    }
  }

  private static final class Marginal extends Node {
    private Var logPi = new Var();
    private Var f = new Var();
    private int categories;
    private @Nullable Tensor responsibilities;
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      if (g != null && responsibilities != null) {
        kernels
            .categorical()
            .marginalizeBackward(responsibilities, categories, g, logPi.gradient(), f.gradient());
      }
    }
  }
}
