package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Dense layers (KERNELS.md §9): the matrix product, alone and with bias and activation fused, and
 * its gradients. A tensor of more than two dimensions counts as the matrix of its rows. Any
 * dimension may be 0: a sum of no terms is 0. NaN in gives NaN out. Within one backend each element
 * is summed in one order, whatever the number of threads.
 */
public abstract class DenseKernels {
  /**
   * One dense layer: {@code pre = x·w + bias}, {@code y = f(pre)}.
   *
   * @param x read, [R,In]
   * @param w read, [In,Out]
   * @param bias read, Out elements, or null for none
   * @param f the activation
   * @param pre written, [R,Out], or null; required where {@link Activation#needsPre}
   * @param y written, [R,Out]
   */
  public final void forward(
      Tensor x, Tensor w, @Nullable Tensor bias, Activation f, @Nullable Tensor pre, Tensor y) {
    String m = "forward";
    checkLayer(m, x, w, f, pre, y);
    Checks.length(m, "bias", bias, w.columns());
    Aliases.of(m)
        .reads("x", x)
        .reads("w", w)
        .reads("bias", bias)
        .writes("pre", pre)
        .writes("y", y)
        .end();
    doForward(x, w, bias, f, pre, y);
  }

  /**
   * Gradients of {@link #forward}, given that of a scalar objective with respect to y.
   *
   * <pre>
   * dPre[r,o]  = dY ⊙ f'(pre)
   * dBias[o]  += Σ_r dPre
   * dX[r,i]   += dPre·wᵀ
   * dW[i,o]   += xᵀ·dPre
   * </pre>
   *
   * A gradient that is null is not wanted and costs nothing. Where {@code accumulate…} is false the
   * gradient replaces what was there instead of being added, which saves clearing and reading it.
   *
   * @param x read, [R,In]
   * @param w read, [In,Out]
   * @param f the activation
   * @param pre read, [R,Out], as the forward pass left it; null, and not read, unless {@link
   *     Activation#needsPre}
   * @param y read, [R,Out], as the forward pass left it
   * @param dY read, [R,Out]
   * @param dPre written, [R,Out]; may be {@code dY} itself, which is then overwritten
   * @param accumulateX whether dX is added to
   * @param dX accumulated, [R,In], or null
   * @param accumulateParameters whether dW and dBias are added to
   * @param dW accumulated, [In,Out], or null
   * @param dBias accumulated, Out elements, or null
   */
  public final void backward(
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      boolean accumulateX,
      @Nullable Tensor dX,
      boolean accumulateParameters,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    String m = "backward";
    checkLayer(m, x, w, f, pre, y);
    Checks.same(m, "dY", dY, "y", y);
    Checks.same(m, "dPre", dPre, "y", y);
    Checks.same(m, "dX", dX, "x", x);
    Checks.same(m, "dW", dW, "w", w);
    Checks.length(m, "dBias", dBias, w.columns());
    Aliases.of(m)
        .reads("x", x)
        .reads("w", w)
        .reads("pre", pre)
        .reads("y", y)
        .reads("dY", dY)
        .writesOver("dPre", dPre, dY)
        .writes("dBias", dBias)
        .writes("dW", dW)
        .writes("dX", dX)
        .end();
    doBackward(x, w, f, pre, y, dY, dPre, accumulateX, dX, accumulateParameters, dW, dBias);
  }

  /**
   * The matrix product {@code c = op(a)·op(b)}, or {@code c += op(a)·op(b)}, where op transposes or
   * does nothing.
   *
   * @param a read, [M,K], or [K,M] when transposed
   * @param b read, [K,N], or [N,K] when transposed
   * @param accumulate whether the product is added to c or replaces it
   * @param c written or accumulated, [M,N]
   */
  public final void gemm(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, boolean accumulate, Tensor c) {
    String m = "gemm";
    int rows = transposeA ? a.columns() : a.rows();
    int depth = transposeA ? a.rows() : a.columns();
    int columns = transposeB ? b.rows() : b.columns();
    if (transposeB) {
      Checks.shape(m, "b (transposed)", b, columns, depth);
    } else {
      Checks.shape(m, "b", b, depth, columns);
    }
    Checks.shape(m, "c", c, rows, columns);
    Checks.distinct(m, "c", c, "a", a);
    Checks.distinct(m, "c", c, "b", b);
    doGemm(a, transposeA, b, transposeB, accumulate, c);
  }

  /**
   * Masks a matrix in place: an element whose mask is 0 becomes 0, whatever it held. A layer {@code
   * y = f(x·(W ⊙ M) + bias)} (MADE, Germain et al. 2015) keeps W itself masked, so that its
   * products are {@link #forward} and {@link #backward}, and masks dW: of R rows this costs 1/R of
   * a product's memory traffic, and neither product sees a mask. A weight that starts masked and
   * whose gradient is masked stays so under every optimiser here.
   *
   * @param mask read, [In,Out]; an element that is not 0 keeps its weight
   * @param w read and written, [In,Out]
   */
  public final void mask(Tensor mask, Tensor w) {
    String m = "mask";
    Checks.same(m, "mask", mask, "w", w);
    Checks.distinct(m, "w", w, "mask", mask);
    doMask(mask, w);
  }

  /**
   * What a layer adds for each data point, and its activation: {@code pre[r] = x[r] + c[b]}, {@code
   * y = f(pre)}. With {@code x = z·W} of R = B·K rows and {@code c = h·V + bias} of B rows, a
   * network reads z and a context h without a copy of h for each sample.
   *
   * @param x read, [R,Out]
   * @param c read, [B,Out], R a multiple of B
   * @param f the activation
   * @param pre written, [R,Out], or null; required where {@link Activation#needsPre}; may be {@code
   *     x} itself
   * @param y written, [R,Out]; may be {@code x} itself where {@code pre} is null
   */
  public final void condition(Tensor x, Tensor c, Activation f, @Nullable Tensor pre, Tensor y) {
    String m = "condition";
    checkCondition(m, "c", c, f, pre, y);
    Checks.same(m, "x", x, "y", y);
    Aliases.of(m)
        .reads("x", x)
        .reads("c", c)
        .writesOver("pre", pre, x)
        .writesOver("y", y, pre == null ? x : null)
        .end();
    doCondition(x, c, f, pre, y);
  }

  /**
   * Gradients of {@link #condition}: {@code dPre = dY ⊙ f'(pre)}, which is x's gradient, and {@code
   * dC[b] += Σ_k dPre}.
   *
   * @param f the activation
   * @param pre read, [R,Out], as the forward pass left it; null, and not read, unless {@link
   *     Activation#needsPre}
   * @param y read, [R,Out], as the forward pass left it
   * @param dY read, [R,Out]
   * @param dPre written, [R,Out]; may be {@code dY} itself
   * @param dC accumulated, [B,Out], or null
   */
  public final void conditionBackward(
      Activation f, @Nullable Tensor pre, Tensor y, Tensor dY, Tensor dPre, @Nullable Tensor dC) {
    String m = "conditionBackward";
    checkCondition(m, "dC", dC == null ? y : dC, f, pre, y);
    Checks.same(m, "dY", dY, "y", y);
    Checks.same(m, "dPre", dPre, "y", y);
    Aliases.of(m)
        .reads("pre", pre)
        .reads("y", y)
        .reads("dY", dY)
        .writesOver("dPre", dPre, dY)
        .writes("dC", dC)
        .end();
    doConditionBackward(f, pre, y, dY, dPre, dC);
  }

  private static void checkCondition(
      String m, String name, Tensor c, Activation f, @Nullable Tensor pre, Tensor y) {
    Checks.columns(m, name, c, y.columns());
    Checks.samples(m, "y", y.rows(), name, c.rows());
    if (pre == null && f.needsPre()) {
      throw Checks.fail(m, "pre must be given for " + f);
    }
    Checks.same(m, "pre", pre, "y", y);
  }

  private static void checkLayer(
      String m, Tensor x, Tensor w, Activation f, @Nullable Tensor pre, Tensor y) {
    Checks.shape(m, "w", w, x.columns(), w.columns());
    Checks.shape(m, "y", y, x.rows(), w.columns());
    if (pre == null && f.needsPre()) {
      throw Checks.fail(m, "pre must be given for " + f);
    }
    Checks.same(m, "pre", pre, "y", y);
  }

  protected abstract void doForward(
      Tensor x, Tensor w, @Nullable Tensor bias, Activation f, @Nullable Tensor pre, Tensor y);

  protected abstract void doBackward(
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      boolean accumulateX,
      @Nullable Tensor dX,
      boolean accumulateParameters,
      @Nullable Tensor dW,
      @Nullable Tensor dBias);

  protected abstract void doGemm(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, boolean accumulate, Tensor c);

  protected abstract void doMask(Tensor mask, Tensor w);

  protected abstract void doCondition(
      Tensor x, Tensor c, Activation f, @Nullable Tensor pre, Tensor y);

  protected abstract void doConditionBackward(
      Activation f, @Nullable Tensor pre, Tensor y, Tensor dY, Tensor dPre, @Nullable Tensor dC);
}
