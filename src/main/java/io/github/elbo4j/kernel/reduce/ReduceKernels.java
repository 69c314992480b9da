package io.github.elbo4j.kernel.reduce;

import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;

/**
 * From per-example terms to the scalar objective, which is a weighted sum of them. B data points, D
 * latent dimensions; terms in nats. NaN in gives NaN out.
 */
public abstract class ReduceKernels {
  /**
   * {@code out += weight·Σ x}. With weight 1/B it is the mean over a batch, with −1/B its negative.
   *
   * @param x read, any shape
   * @param weight any number
   * @param out accumulated, one element
   */
  public final void addSum(Tensor x, float weight, Tensor out) {
    Checks.length("addSum", "out", out, 1);
    Checks.distinct("addSum", "out", out, "x", x);
    doAddSum(x, weight, out);
  }

  /**
   * Gradient of {@link #addSum}: {@code dx += weight·dOut} in every element.
   *
   * @param dOut read, one element
   * @param dx accumulated, the shape of {@code x}
   */
  public final void addSumBackward(Tensor dOut, float weight, Tensor dx) {
    Checks.length("addSumBackward", "dOut", dOut, 1);
    Checks.distinct("addSumBackward", "dx", dx, "dOut", dOut);
    doAddSumBackward(dOut, weight, dx);
  }

  /**
   * The KL term with free bits (Kingma et al. 2016, equation 15, every dimension a group of its
   * own): a dimension pays for at least λ nats, so that it gains nothing by collapsing below.
   *
   * <pre>
   * mean[d] = 1/B Σ_b klPerDim[b,d]
   * out    += weight·Σ_d max( λ, mean[d] )
   * </pre>
   *
   * @param klPerDim read, [B,D], B &gt;= 1
   * @param lambda λ in nats, finite, &gt;= 0
   * @param weight any number; 1 (times β) for a loss per example
   * @param out accumulated, one element
   */
  public final void freeBits(Tensor klPerDim, float lambda, float weight, Tensor out) {
    checkFreeBits("freeBits", klPerDim, lambda);
    Checks.length("freeBits", "out", out, 1);
    Checks.distinct("freeBits", "out", out, "klPerDim", klPerDim);
    doFreeBits(klPerDim, lambda, weight, out);
  }

  /**
   * Gradient of {@link #freeBits}: {@code dKlPerDim[b,d] += weight·dOut/B} where {@code mean[d] >
   * λ}, else nothing. The mean is taken in double in the same order as in the forward pass, so both
   * agree on which dimensions are free. A mean that is NaN counts as above λ.
   *
   * @param klPerDim read, [B,D], B &gt;= 1, as in the forward pass
   * @param dOut read, one element
   * @param dKlPerDim accumulated, [B,D]
   */
  public final void freeBitsBackward(
      Tensor klPerDim, float lambda, float weight, Tensor dOut, Tensor dKlPerDim) {
    String m = "freeBitsBackward";
    checkFreeBits(m, klPerDim, lambda);
    Checks.length(m, "dOut", dOut, 1);
    Checks.same(m, "dKlPerDim", dKlPerDim, "klPerDim", klPerDim);
    Checks.distinct(m, "dKlPerDim", dKlPerDim, "klPerDim", klPerDim);
    Checks.distinct(m, "dKlPerDim", dKlPerDim, "dOut", dOut);
    doFreeBitsBackward(klPerDim, lambda, weight, dOut, dKlPerDim);
  }

  private static void checkFreeBits(String m, Tensor klPerDim, float lambda) {
    if (klPerDim.rows() == 0) {
      throw Checks.fail(
          m, "klPerDim " + klPerDim.shape() + " must have at least one row to take a mean over");
    }
    if (!(lambda >= 0 && lambda <= Float.MAX_VALUE)) {
      throw Checks.fail(m, "lambda " + lambda + " must be finite and >= 0");
    }
  }

  protected abstract void doAddSum(Tensor x, float weight, Tensor out);

  protected abstract void doAddSumBackward(Tensor dOut, float weight, Tensor dx);

  protected abstract void doFreeBits(Tensor klPerDim, float lambda, float weight, Tensor out);

  protected abstract void doFreeBitsBackward(
      Tensor klPerDim, float lambda, float weight, Tensor dOut, Tensor dKlPerDim);
}
