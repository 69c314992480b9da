package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Two-dimensional convolution, in the sense of networks (the kernel is not flipped), and its
 * transpose, with bias and activation fused and their gradients (KERNELS.md §9; Dumoulin and Visin
 * 2016). Images are rows of a tensor, channel by channel (NCHW), and {@link ConvShape} says how a
 * row is to be read; {@code C, H, W} are the shape's input and {@code O, P, Q} its output channels,
 * rows and columns. A weight is {@code [O, C·kh·kw]} for both, as in PyTorch: the transpose uses it
 * the other way round.
 *
 * <p>NaN in gives NaN out, in every element whose sum it is part of. An image's NaN reaches no
 * other image; a weight that is NaN or infinite may meet the zeros around an image and make NaN
 * there too. The batch may have 0 rows. Within one backend each element is summed in one order,
 * whatever the number of threads.
 */
public abstract class ConvolutionKernels {
  /**
   * A convolution: {@code y = f(pre)} with
   *
   * <pre>
   * pre[b,o,p,q] = bias[o] + Σ_{c,i,j} w[o,c,i,j]·x[b, c, p·sh − ph + i·dh, q·sw − pw + j·dw]
   * </pre>
   *
   * where x is 0 outside the image.
   *
   * @param shape the geometry
   * @param x read, [B, C·H·W]
   * @param w read, [O, C·kh·kw]
   * @param bias read, O elements, or null for none
   * @param f the activation
   * @param pre written, [B, O·P·Q], or null; required where {@link Activation#needsPre}
   * @param y written, [B, O·P·Q]
   */
  public final void forward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      Activation f,
      @Nullable Tensor pre,
      Tensor y) {
    String m = "forward";
    checkLayer(m, shape, x, shape.inSize(), w, f, pre, y, shape.outSize());
    Checks.length(m, "bias", bias, shape.outChannels());
    checkOutputs(m, x, w, bias, pre, y);
    doForward(shape, x, w, bias, f, pre, y);
  }

  /**
   * Gradients of {@link #forward}, given that of a scalar objective with respect to y.
   *
   * <pre>
   * dPre          = dY ⊙ f'(pre)
   * dBias[o]     += Σ_{b,p,q} dPre
   * dW[o,c,i,j]  += Σ_{b,p,q} dPre[b,o,p,q]·x[b, c, p·sh − ph + i·dh, q·sw − pw + j·dw]
   * dX            += the transposed convolution of dPre
   * </pre>
   *
   * @param shape the geometry
   * @param x read, [B, C·H·W]
   * @param w read, [O, C·kh·kw]
   * @param f the activation
   * @param pre read, [B, O·P·Q], as the forward pass left it; null, and not read, unless {@link
   *     Activation#needsPre}
   * @param y read, [B, O·P·Q], as the forward pass left it
   * @param dY read, [B, O·P·Q]
   * @param dPre written, [B, O·P·Q]; may be {@code dY} itself, which is then overwritten
   * @param dX accumulated, [B, C·H·W], or null
   * @param dW accumulated, [O, C·kh·kw], or null
   * @param dBias accumulated, O elements, or null
   */
  public final void backward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    String m = "backward";
    checkLayer(m, shape, x, shape.inSize(), w, f, pre, y, shape.outSize());
    Checks.length(m, "dBias", dBias, shape.outChannels());
    checkGradients(m, x, w, pre, y, dY, dPre, dX, dW, dBias);
    doBackward(shape, x, w, f, pre, y, dY, dPre, dX, dW, dBias);
  }

  /**
   * A transposed convolution, from the shape's output to its input: {@code y = f(pre)} with
   *
   * <pre>
   * pre[b,c,h,v] = bias[c] + Σ w[o,c,i,j]·x[b,o,p,q]   over h = p·sh − ph + i·dh, v = q·sw − pw + j·dw
   * </pre>
   *
   * @param shape the geometry of the convolution whose transpose this is
   * @param x read, [B, O·P·Q]
   * @param w read, [O, C·kh·kw]
   * @param bias read, C elements, or null for none
   * @param f the activation
   * @param pre written, [B, C·H·W], or null; required where {@link Activation#needsPre}
   * @param y written, [B, C·H·W]
   */
  public final void transposed(
      ConvShape shape,
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      Activation f,
      @Nullable Tensor pre,
      Tensor y) {
    String m = "transposed";
    checkLayer(m, shape, x, shape.outSize(), w, f, pre, y, shape.inSize());
    Checks.length(m, "bias", bias, shape.inChannels());
    checkOutputs(m, x, w, bias, pre, y);
    doTransposed(shape, x, w, bias, f, pre, y);
  }

  /**
   * Gradients of {@link #transposed}, given that of a scalar objective with respect to y.
   *
   * <pre>
   * dPre          = dY ⊙ f'(pre)
   * dBias[c]     += Σ_{b,h,v} dPre
   * dW[o,c,i,j]  += Σ_{b,p,q} x[b,o,p,q]·dPre[b, c, p·sh − ph + i·dh, q·sw − pw + j·dw]
   * dX            += the convolution of dPre
   * </pre>
   *
   * @param shape the geometry of the convolution whose transpose this is
   * @param x read, [B, O·P·Q]
   * @param w read, [O, C·kh·kw]
   * @param f the activation
   * @param pre read, [B, C·H·W], as the forward pass left it; null, and not read, unless {@link
   *     Activation#needsPre}
   * @param y read, [B, C·H·W], as the forward pass left it
   * @param dY read, [B, C·H·W]
   * @param dPre written, [B, C·H·W]; may be {@code dY} itself, which is then overwritten
   * @param dX accumulated, [B, O·P·Q], or null
   * @param dW accumulated, [O, C·kh·kw], or null
   * @param dBias accumulated, C elements, or null
   */
  public final void transposedBackward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    String m = "transposedBackward";
    checkLayer(m, shape, x, shape.outSize(), w, f, pre, y, shape.inSize());
    Checks.length(m, "dBias", dBias, shape.inChannels());
    checkGradients(m, x, w, pre, y, dY, dPre, dX, dW, dBias);
    doTransposedBackward(shape, x, w, f, pre, y, dY, dPre, dX, dW, dBias);
  }

  private static void checkLayer(
      String m,
      ConvShape shape,
      Tensor x,
      int from,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      int to) {
    Checks.columns(m, "x", x, from);
    Checks.shape(m, "w", w, shape.outChannels(), shape.patch());
    Checks.shape(m, "y", y, x.rows(), to);
    if (pre == null && f.needsPre()) {
      throw Checks.fail(m, "pre must be given for " + f);
    }
    Checks.same(m, "pre", pre, "y", y);
  }

  private static void checkOutputs(
      String m, Tensor x, Tensor w, @Nullable Tensor bias, @Nullable Tensor pre, Tensor y) {
    Aliases.of(m)
        .reads("x", x)
        .reads("w", w)
        .reads("bias", bias)
        .writes("pre", pre)
        .writes("y", y)
        .end();
  }

  private static void checkGradients(
      String m,
      Tensor x,
      Tensor w,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    Checks.same(m, "dY", dY, "y", y);
    Checks.same(m, "dPre", dPre, "y", y);
    Checks.same(m, "dX", dX, "x", x);
    Checks.same(m, "dW", dW, "w", w);
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
  }

  protected abstract void doForward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      Activation f,
      @Nullable Tensor pre,
      Tensor y);

  protected abstract void doBackward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      @Nullable Tensor dBias);

  protected abstract void doTransposed(
      ConvShape shape,
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      Activation f,
      @Nullable Tensor pre,
      Tensor y);

  protected abstract void doTransposedBackward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      @Nullable Tensor dBias);
}
