package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Categorical distributions from logits, and exact sums over their categories (KERNELS.md §7). B
 * data points, K samples each, R = B·K rows; a row has N variables of C categories each, variable n
 * in columns {@code n·C … n·C + C − 1}. Results are in nats and summed over the N variables of a
 * row; for one number a variable view the tensors as {@code [R·N,C]}.
 *
 * <pre>
 * log p_c = logits_c − logsumexp_c logits
 * </pre>
 *
 * <p>At the edges: logits are unnormalised, and of any size. A logit of −∞ is probability 0, with
 * {@code 0·log 0 = 0}. Logits that are NaN, +∞, or all −∞ make the results of their row NaN.
 */
public abstract class CategoricalKernels {
  /**
   * Log-probability of categories: {@code logProb[r] = Σ_n log p_d}.
   *
   * @param logits read, [B,N·C]
   * @param categories C &gt;= 1
   * @param index read, [R,N]: d, whole numbers 0 … C−1
   * @param logProb written, R elements; −∞ where a category has probability 0
   */
  public final void logProb(Tensor logits, int categories, Tensor index, Tensor logProb) {
    String m = "logProb";
    checkIndex(m, logits, categories, index);
    Checks.length(m, "logProb", logProb, index.rows());
    Aliases.of(m).reads("logits", logits).reads("index", index).writes("logProb", logProb).end();
    Variables.checkIndex(m, index, categories);
    doLogProb(logits, categories, index, null, logProb);
  }

  /**
   * Gradient of {@link #logProb}: {@code dLogits_c += Σ_k dLogProb·( 1[c = d] − p_c )}.
   *
   * @param dLogProb read, R elements
   * @param dLogits accumulated, [B,N·C]
   */
  public final void logProbBackward(
      Tensor logits, int categories, Tensor index, Tensor dLogProb, Tensor dLogits) {
    String m = "logProbBackward";
    checkIndex(m, logits, categories, index);
    Checks.length(m, "dLogProb", dLogProb, index.rows());
    Checks.same(m, "dLogits", dLogits, "logits", logits);
    Aliases.of(m)
        .reads("logits", logits)
        .reads("index", index)
        .reads("dLogProb", dLogProb)
        .writes("dLogits", dLogits)
        .end();
    Variables.checkIndex(m, index, categories);
    doLogProbBackward(logits, categories, index, null, dLogProb, dLogits, null);
  }

  /**
   * Expected log-probability under weights, one-hot or soft: {@code logProb[r] = Σ_n Σ_c weights_c
   * · log p_c}.
   *
   * @param logits read, [B,N·C]
   * @param weights read, [R,N·C]; of any sum
   * @param logProb written, R elements
   */
  public final void logProbOfWeights(
      Tensor logits, int categories, Tensor weights, Tensor logProb) {
    String m = "logProbOfWeights";
    checkRows(m, logits, categories, "weights", weights);
    Checks.length(m, "logProb", logProb, weights.rows());
    Aliases.of(m)
        .reads("logits", logits)
        .reads("weights", weights)
        .writes("logProb", logProb)
        .end();
    doLogProb(logits, categories, null, weights, logProb);
  }

  /**
   * Gradients of {@link #logProbOfWeights}.
   *
   * <pre>
   * dLogits_c  += Σ_k dLogProb·( weights_c − p_c·Σ_c weights )
   * dWeights_c += dLogProb·log p_c
   * </pre>
   *
   * @param dLogProb read, R elements
   * @param dLogits accumulated, [B,N·C], or null
   * @param dWeights accumulated, [R,N·C], or null
   */
  public final void logProbOfWeightsBackward(
      Tensor logits,
      int categories,
      Tensor weights,
      Tensor dLogProb,
      @Nullable Tensor dLogits,
      @Nullable Tensor dWeights) {
    String m = "logProbOfWeightsBackward";
    checkRows(m, logits, categories, "weights", weights);
    Checks.length(m, "dLogProb", dLogProb, weights.rows());
    Checks.same(m, "dLogits", dLogits, "logits", logits);
    Checks.same(m, "dWeights", dWeights, "weights", weights);
    Aliases.of(m)
        .reads("logits", logits)
        .reads("weights", weights)
        .reads("dLogProb", dLogProb)
        .writes("dLogits", dLogits)
        .writes("dWeights", dWeights)
        .end();
    doLogProbBackward(logits, categories, null, weights, dLogProb, dLogits, dWeights);
  }

  /**
   * Entropy: {@code entropy[b] = −Σ_n Σ_c p_c·log p_c}, from 0 to N·log C.
   *
   * @param logits read, [B,N·C]
   * @param entropy written, B elements
   */
  public final void entropy(Tensor logits, int categories, Tensor entropy) {
    String m = "entropy";
    Variables.count(m, "logits", logits, categories);
    Checks.length(m, "entropy", entropy, logits.rows());
    Aliases.of(m).reads("logits", logits).writes("entropy", entropy).end();
    doEntropy(logits, categories, entropy);
  }

  /**
   * Gradient of {@link #entropy}: {@code dLogits_c −= dEntropy·p_c·( log p_c + H_n )}, H_n the
   * entropy of the variable.
   *
   * @param dEntropy read, B elements
   * @param dLogits accumulated, [B,N·C]
   */
  public final void entropyBackward(
      Tensor logits, int categories, Tensor dEntropy, Tensor dLogits) {
    String m = "entropyBackward";
    Variables.count(m, "logits", logits, categories);
    Checks.length(m, "dEntropy", dEntropy, logits.rows());
    Checks.same(m, "dLogits", dLogits, "logits", logits);
    Aliases.of(m)
        .reads("logits", logits)
        .reads("dEntropy", dEntropy)
        .writes("dLogits", dLogits)
        .end();
    doEntropyBackward(logits, categories, dEntropy, dLogits);
  }

  /** KL divergence to the uniform distribution, {@code kl[b] = N·log C − entropy}. */
  public final void klToUniform(Tensor logits, int categories, Tensor kl) {
    String m = "klToUniform";
    Variables.count(m, "logits", logits, categories);
    Checks.length(m, "kl", kl, logits.rows());
    Aliases.of(m).reads("logits", logits).writes("kl", kl).end();
    doKl(logits, categories, null, kl);
  }

  /** Gradient of {@link #klToUniform}, which is that of −entropy. */
  public final void klToUniformBackward(Tensor logits, int categories, Tensor dKl, Tensor dLogits) {
    String m = "klToUniformBackward";
    Variables.count(m, "logits", logits, categories);
    Checks.length(m, "dKl", dKl, logits.rows());
    Checks.same(m, "dLogits", dLogits, "logits", logits);
    Aliases.of(m).reads("logits", logits).reads("dKl", dKl).writes("dLogits", dLogits).end();
    doKlBackward(logits, categories, null, dKl, dLogits, null);
  }

  /**
   * KL divergence to another categorical: {@code kl[b] = Σ_n Σ_c p_c·( log p_c − log q_c )}, with
   * {@code log q} from the prior's logits; +∞ where q is 0 and p is not.
   *
   * @param logits read, [B,N·C]
   * @param priorLogits read, [P,N·C], B a multiple of P: one row is shared by all
   * @param kl written, B elements
   */
  public final void kl(Tensor logits, int categories, Tensor priorLogits, Tensor kl) {
    String m = "kl";
    checkRows(m, priorLogits, categories, "logits", logits);
    Checks.length(m, "kl", kl, logits.rows());
    Aliases.of(m).reads("logits", logits).reads("priorLogits", priorLogits).writes("kl", kl).end();
    doKl(logits, categories, priorLogits, kl);
  }

  /**
   * Gradients of {@link #kl}.
   *
   * <pre>
   * dLogits_c      += dKl·p_c·( log p_c − log q_c − KL_n )
   * dPriorLogits_c += Σ dKl·( q_c − p_c )
   * </pre>
   *
   * @param dKl read, B elements
   * @param dLogits accumulated, [B,N·C], or null
   * @param dPriorLogits accumulated, [P,N·C], or null
   */
  public final void klBackward(
      Tensor logits,
      int categories,
      Tensor priorLogits,
      Tensor dKl,
      @Nullable Tensor dLogits,
      @Nullable Tensor dPriorLogits) {
    String m = "klBackward";
    checkRows(m, priorLogits, categories, "logits", logits);
    Checks.length(m, "dKl", dKl, logits.rows());
    Checks.same(m, "dLogits", dLogits, "logits", logits);
    Checks.same(m, "dPriorLogits", dPriorLogits, "priorLogits", priorLogits);
    Aliases.of(m)
        .reads("logits", logits)
        .reads("priorLogits", priorLogits)
        .reads("dKl", dKl)
        .writes("dLogits", dLogits)
        .writes("dPriorLogits", dPriorLogits)
        .end();
    doKlBackward(logits, categories, priorLogits, dKl, dLogits, dPriorLogits);
  }

  /**
   * Exact marginalisation over the categories of each variable, and the responsibilities.
   *
   * <pre>
   * logSum[r,n]             = logsumexp_c( logPi_c + f_c )
   * responsibilities[r,n,c] = exp( logPi_c + f_c − logSum )
   * </pre>
   *
   * Where all terms are −∞, logSum is −∞ and the responsibilities are 0; a term of +∞ gives NaN.
   *
   * @param logPi read, [B,N·C]: log-probabilities, taken as they are; one row is shared by all
   * @param f read, [R,N·C]: the log-likelihood under each category
   * @param logSum written, R·N elements
   * @param responsibilities written, [R,N·C], or null
   */
  public final void marginalize(
      Tensor logPi, int categories, Tensor f, Tensor logSum, @Nullable Tensor responsibilities) {
    String m = "marginalize";
    int n = checkRows(m, logPi, categories, "f", f);
    Checks.length(m, "logSum", logSum, f.rows() * n);
    Checks.same(m, "responsibilities", responsibilities, "f", f);
    Aliases.of(m)
        .reads("logPi", logPi)
        .reads("f", f)
        .writes("logSum", logSum)
        .writes("responsibilities", responsibilities)
        .end();
    doMarginalize(logPi, categories, f, logSum, responsibilities);
  }

  /**
   * Gradients of {@link #marginalize}: {@code dF_c += dLogSum·responsibilities_c}, and dLogPi the
   * same summed over the samples of a data point.
   *
   * @param responsibilities read, [R,N·C], as the forward pass left them
   * @param dLogSum read, R·N elements
   * @param dLogPi accumulated, [B,N·C], or null
   * @param dF accumulated, [R,N·C], or null
   */
  public final void marginalizeBackward(
      Tensor responsibilities,
      int categories,
      Tensor dLogSum,
      @Nullable Tensor dLogPi,
      @Nullable Tensor dF) {
    String m = "marginalizeBackward";
    int n = Variables.count(m, "responsibilities", responsibilities, categories);
    Checks.length(m, "dLogSum", dLogSum, responsibilities.rows() * n);
    if (dLogPi != null) {
      checkRows(m, dLogPi, categories, "responsibilities", responsibilities);
    }
    Checks.same(m, "dF", dF, "responsibilities", responsibilities);
    Aliases.of(m)
        .reads("responsibilities", responsibilities)
        .reads("dLogSum", dLogSum)
        .writes("dLogPi", dLogPi)
        .writes("dF", dF)
        .end();
    doMarginalizeBackward(responsibilities, categories, dLogSum, dLogPi, dF);
  }

  /** Rows of samples that belong to rows of parameters; returns N. */
  private static int checkRows(
      String m, Tensor parameters, int categories, String name, Tensor samples) {
    int n = Variables.count(m, name, samples, categories);
    Checks.columns(m, name, samples, parameters.columns());
    Checks.samples(m, name, samples.rows(), "the parameters", parameters.rows());
    return n;
  }

  private static void checkIndex(String m, Tensor logits, int categories, Tensor index) {
    int n = Variables.count(m, "logits", logits, categories);
    Checks.columns(m, "index", index, n);
    Checks.samples(m, "index", index.rows(), "logits", logits.rows());
  }

  protected abstract void doLogProb(
      Tensor logits,
      int categories,
      @Nullable Tensor index,
      @Nullable Tensor weights,
      Tensor logProb);

  protected abstract void doLogProbBackward(
      Tensor logits,
      int categories,
      @Nullable Tensor index,
      @Nullable Tensor weights,
      Tensor dLogProb,
      @Nullable Tensor dLogits,
      @Nullable Tensor dWeights);

  protected abstract void doEntropy(Tensor logits, int categories, Tensor entropy);

  protected abstract void doEntropyBackward(
      Tensor logits, int categories, Tensor dEntropy, Tensor dLogits);

  protected abstract void doKl(
      Tensor logits, int categories, @Nullable Tensor priorLogits, Tensor kl);

  protected abstract void doKlBackward(
      Tensor logits,
      int categories,
      @Nullable Tensor priorLogits,
      Tensor dKl,
      @Nullable Tensor dLogits,
      @Nullable Tensor dPriorLogits);

  protected abstract void doMarginalize(
      Tensor logPi, int categories, Tensor f, Tensor logSum, @Nullable Tensor responsibilities);

  protected abstract void doMarginalizeBackward(
      Tensor responsibilities,
      int categories,
      Tensor dLogSum,
      @Nullable Tensor dLogPi,
      @Nullable Tensor dF);
}
