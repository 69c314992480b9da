package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The small pieces that put fused kernels together into models: linear combinations, products,
 * columns side by side, the product of two Gaussians, a penalty on a covariance, a shuffle. B data
 * points, K samples each, R = B·K rows, D latent dimensions. Elements combine one by one, so a NaN
 * stays where it came in, but for sums, which it turns into NaN.
 */
public abstract class ComposeKernels {
  /**
   * {@code y += weight·factor·x}; its own gradient: {@code dx += weight·factor·dy}.
   *
   * @param x read, any shape
   * @param weight any number
   * @param factor read, one element, or null for 1; it lies where the kernels read, so that a
   *     training step that is replayed as it was recorded can have another factor each time
   * @param y accumulated, as many elements as {@code x}
   */
  public final void addScaled(Tensor x, float weight, @Nullable Tensor factor, Tensor y) {
    String m = "addScaled";
    Checks.length(m, "factor", factor, 1);
    Checks.length(m, "y", y, x.size());
    Aliases.of(m).reads("x", x).reads("factor", factor).writes("y", y).end();
    doAddScaled(x, weight, factor, y);
  }

  /**
   * {@code y += a·b}, element by element; its own gradient: {@code da += dy·b}, {@code db += dy·a}.
   *
   * @param a read, any shape
   * @param b read, as many elements as {@code a}; may be {@code a}
   * @param y accumulated, as many elements as {@code a}
   */
  public final void addProduct(Tensor a, Tensor b, Tensor y) {
    String m = "addProduct";
    Checks.length(m, "b", b, a.size());
    Checks.length(m, "y", y, a.size());
    Aliases.of(m).reads("a", a).reads("b", b).writes("y", y).end();
    doAddProduct(a, b, y);
  }

  /**
   * Some columns of a matrix onto some of another: what concatenates, slices and repeats rows.
   *
   * <pre>
   * to[r, toColumn + j] += from[r/K, fromColumn + j]     0 &lt;= j &lt; count, K = R/B
   * </pre>
   *
   * @param from read, [B,C1]
   * @param to accumulated, [R,C2], R a multiple of B
   * @param count how many columns, &gt;= 0
   */
  public final void addColumns(Tensor from, int fromColumn, Tensor to, int toColumn, int count) {
    String m = "addColumns";
    Checks.samples(m, "to", to.rows(), "from", from.rows());
    checkColumns(m, "from", from, fromColumn, count);
    checkColumns(m, "to", to, toColumn, count);
    Checks.distinct(m, "to", to, "from", from);
    doAddColumns(from, fromColumn, to, toColumn, count);
  }

  /**
   * Gradient of {@link #addColumns}: {@code dFrom[b, fromColumn + j] += Σ_k dTo[b·K + k, toColumn +
   * j]}, in an order that the shapes alone decide.
   *
   * @param dTo read, [R,C2]
   * @param dFrom accumulated, [B,C1]
   */
  public final void addColumnsBackward(
      Tensor dTo, int toColumn, Tensor dFrom, int fromColumn, int count) {
    String m = "addColumnsBackward";
    Checks.samples(m, "dTo", dTo.rows(), "dFrom", dFrom.rows());
    checkColumns(m, "dTo", dTo, toColumn, count);
    checkColumns(m, "dFrom", dFrom, fromColumn, count);
    Checks.distinct(m, "dFrom", dFrom, "dTo", dTo);
    doAddColumnsBackward(dTo, toColumn, dFrom, fromColumn, count);
  }

  /**
   * {@code y[r] += Σ_c x[r,c]}.
   *
   * @param x read, [R,C]
   * @param y accumulated, R elements
   */
  public final void addRowSums(Tensor x, Tensor y) {
    Checks.length("addRowSums", "y", y, x.rows());
    Checks.distinct("addRowSums", "y", y, "x", x);
    doAddRowSums(x, y);
  }

  /**
   * Gradient of {@link #addRowSums}: {@code dx[r,c] += dy[r]}.
   *
   * @param dy read, R elements
   * @param dx accumulated, [R,C]
   */
  public final void addRowSumsBackward(Tensor dy, Tensor dx) {
    Checks.length("addRowSumsBackward", "dy", dy, dx.rows());
    Checks.distinct("addRowSumsBackward", "dx", dx, "dy", dy);
    doAddRowSumsBackward(dy, dx);
  }

  /**
   * The normalised product of two Gaussians, each weighted by its precision: how a ladder VAE
   * merges what it infers bottom up with what it generates top down (Sønderby et al. 2016,
   * equations 17 to 19).
   *
   * <pre>
   * w      = exp(−logVar1) / ( exp(−logVar1) + exp(−logVar2) ) = sigmoid(logVar2 − logVar1)
   * mu     = w·mu1 + (1 − w)·mu2
   * logVar = −log( exp(−logVar1) + exp(−logVar2) )
   * </pre>
   *
   * <p>Neither precision is ever formed: where one variance is many orders smaller, the other
   * Gaussian just drops out.
   *
   * @param mu1 read, [B,D]
   * @param logVar1 read, [B,D], finite
   * @param mu2 read, [B,D]
   * @param logVar2 read, [B,D], finite
   * @param mu written, [B,D]
   * @param logVar written, [B,D]
   */
  public final void mergeGaussians(
      Tensor mu1, Tensor logVar1, Tensor mu2, Tensor logVar2, Tensor mu, Tensor logVar) {
    String m = "mergeGaussians";
    checkGaussians(m, mu1, logVar1, mu2, logVar2);
    Checks.same(m, "mu", mu, "mu1", mu1);
    Checks.same(m, "logVar", logVar, "mu1", mu1);
    reads(m, mu1, logVar1, mu2, logVar2).writes("mu", mu).writes("logVar", logVar).end();
    doMergeGaussians(mu1, logVar1, mu2, logVar2, mu, logVar);
  }

  /**
   * Gradient of {@link #mergeGaussians}, with {@code t = dMu·w·(1 − w)·(mu1 − mu2)}:
   *
   * <pre>
   * dMu1 += dMu·w          dLogVar1 += dLogVar·w − t
   * dMu2 += dMu·(1 − w)    dLogVar2 += dLogVar·(1 − w) + t
   * </pre>
   *
   * @param dMu read, [B,D], or null for zeros
   * @param dLogVar read, [B,D], or null for zeros
   * @param dMu1 accumulated, [B,D], or null where it is not wanted
   * @param dLogVar1 likewise
   * @param dMu2 likewise
   * @param dLogVar2 likewise
   */
  public final void mergeGaussiansBackward(
      Tensor mu1,
      Tensor logVar1,
      Tensor mu2,
      Tensor logVar2,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogVar,
      @Nullable Tensor dMu1,
      @Nullable Tensor dLogVar1,
      @Nullable Tensor dMu2,
      @Nullable Tensor dLogVar2) {
    String m = "mergeGaussiansBackward";
    checkGaussians(m, mu1, logVar1, mu2, logVar2);
    Checks.same(m, "dMu", dMu, "mu1", mu1);
    Checks.same(m, "dLogVar", dLogVar, "mu1", mu1);
    Checks.same(m, "dMu1", dMu1, "mu1", mu1);
    Checks.same(m, "dLogVar1", dLogVar1, "mu1", mu1);
    Checks.same(m, "dMu2", dMu2, "mu1", mu1);
    Checks.same(m, "dLogVar2", dLogVar2, "mu1", mu1);
    reads(m, mu1, logVar1, mu2, logVar2)
        .reads("dMu", dMu)
        .reads("dLogVar", dLogVar)
        .writes("dMu1", dMu1)
        .writes("dLogVar1", dLogVar1)
        .writes("dMu2", dMu2)
        .writes("dLogVar2", dLogVar2)
        .end();
    if (dMu == null && dLogVar == null) {
      return;
    }
    doMergeGaussiansBackward(
        mu1, logVar1, mu2, logVar2, dMu, dLogVar, dMu1, dLogVar1, dMu2, dLogVar2);
  }

  /**
   * How far the covariance of the posterior means is from the identity: the regulariser of
   * DIP-VAE-I (Kumar et al. 2018).
   *
   * <pre>
   * C    = 1/B Σ_b (mu_b − mean)·(mu_b − mean)ᵀ
   * out += lambdaOff·Σ_{i≠j} C_ij² + lambdaDiag·Σ_i (C_ii − 1)²
   * </pre>
   *
   * @param mu read, [B,D], B &gt;= 1; D·(B + D) floats are needed on the way
   * @param lambdaOff weight of what lies off the diagonal
   * @param lambdaDiag weight of the diagonal
   * @param out accumulated, one element
   */
  public final void covariancePenalty(Tensor mu, float lambdaOff, float lambdaDiag, Tensor out) {
    checkCovariance("covariancePenalty", mu);
    Checks.length("covariancePenalty", "out", out, 1);
    Checks.distinct("covariancePenalty", "out", out, "mu", mu);
    doCovariancePenalty(mu, lambdaOff, lambdaDiag, out);
  }

  /**
   * Gradient of {@link #covariancePenalty}: {@code dMu += 4·dOut/B·(mu − mean)·H} with {@code H_ij
   * = lambdaOff·C_ij} off the diagonal and {@code H_ii = lambdaDiag·(C_ii − 1)} on it. That the
   * mean moves with mu changes nothing, since deviations from it add up to 0.
   *
   * @param mu read, [B,D], as in the forward pass
   * @param dOut read, one element
   * @param dMu accumulated, [B,D]
   */
  public final void covariancePenaltyBackward(
      Tensor mu, float lambdaOff, float lambdaDiag, Tensor dOut, Tensor dMu) {
    String m = "covariancePenaltyBackward";
    checkCovariance(m, mu);
    Checks.length(m, "dOut", dOut, 1);
    Checks.same(m, "dMu", dMu, "mu", mu);
    Aliases.of(m).reads("mu", mu).reads("dOut", dOut).writes("dMu", dMu).end();
    doCovariancePenaltyBackward(mu, lambdaOff, lambdaDiag, dOut, dMu);
  }

  /**
   * Each column in an order of its own: samples of the product of the aggregated posterior's
   * marginals, from samples of itself (FactorVAE: Kim and Mnih 2018, algorithm 1). It has no
   * gradient.
   *
   * <pre>
   * out[i,j] = z[order_j(i), j]
   * </pre>
   *
   * <p>{@code order_j} sorts the rows r of column j by element {@code j·B + r} of the bits that
   * {@code noise} names, as unsigned numbers, and equal ones by row: the same on every backend.
   *
   * @param z read, [B,D]
   * @param noise names the bits
   * @param out written, [B,D]
   */
  public final void shuffleColumns(Tensor z, NoiseKey noise, Tensor out) {
    Checks.same("shuffleColumns", "out", out, "z", z);
    Checks.distinct("shuffleColumns", "out", out, "z", z);
    doShuffleColumns(z, noise, out);
  }

  private static void checkColumns(String m, String name, Tensor t, int first, int count) {
    if (first < 0 || count < 0 || first > t.columns() - count) {
      throw Checks.fail(
          m, "%d columns from %d on must lie in %s %s".formatted(count, first, name, t.shape()));
    }
  }

  private static void checkGaussians(
      String m, Tensor mu1, Tensor logVar1, Tensor mu2, Tensor logVar2) {
    Checks.same(m, "logVar1", logVar1, "mu1", mu1);
    Checks.same(m, "mu2", mu2, "mu1", mu1);
    Checks.same(m, "logVar2", logVar2, "mu1", mu1);
  }

  private static Aliases reads(String m, Tensor mu1, Tensor logVar1, Tensor mu2, Tensor logVar2) {
    return Aliases.of(m)
        .reads("mu1", mu1)
        .reads("logVar1", logVar1)
        .reads("mu2", mu2)
        .reads("logVar2", logVar2);
  }

  private static void checkCovariance(String m, Tensor mu) {
    if (mu.rows() == 0) {
      throw Checks.fail(
          m, "mu " + mu.shape() + " must have at least one row to take a covariance over");
    }
    if ((long) mu.columns() * (mu.rows() + (long) mu.columns()) > Integer.MAX_VALUE) {
      throw Checks.fail(m, "mu " + mu.shape() + " has too many columns for their covariance");
    }
  }

  protected abstract void doAddScaled(Tensor x, float weight, @Nullable Tensor factor, Tensor y);

  protected abstract void doAddProduct(Tensor a, Tensor b, Tensor y);

  protected abstract void doAddColumns(
      Tensor from, int fromColumn, Tensor to, int toColumn, int count);

  protected abstract void doAddColumnsBackward(
      Tensor dTo, int toColumn, Tensor dFrom, int fromColumn, int count);

  protected abstract void doAddRowSums(Tensor x, Tensor y);

  protected abstract void doAddRowSumsBackward(Tensor dy, Tensor dx);

  protected abstract void doMergeGaussians(
      Tensor mu1, Tensor logVar1, Tensor mu2, Tensor logVar2, Tensor mu, Tensor logVar);

  protected abstract void doMergeGaussiansBackward(
      Tensor mu1,
      Tensor logVar1,
      Tensor mu2,
      Tensor logVar2,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogVar,
      @Nullable Tensor dMu1,
      @Nullable Tensor dLogVar1,
      @Nullable Tensor dMu2,
      @Nullable Tensor dLogVar2);

  protected abstract void doCovariancePenalty(
      Tensor mu, float lambdaOff, float lambdaDiag, Tensor out);

  protected abstract void doCovariancePenaltyBackward(
      Tensor mu, float lambdaOff, float lambdaDiag, Tensor dOut, Tensor dMu);

  protected abstract void doShuffleColumns(Tensor z, NoiseKey noise, Tensor out);
}
