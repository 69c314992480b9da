package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.dense.ConvShape;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link io.github.elbo4j.kernel.dense.ConvolutionKernels} on the tape. As in {@link DenseOps} the
 * backward pass turns the gradient of y into that of what the activation was applied to, in place.
 */
public final class ConvolutionOps {
  private ConvolutionOps() {}

  /**
   * A convolution with bias and activation.
   *
   * @param x [B, shape.inSize]
   * @param w [outChannels, shape.patch]
   * @param bias [outChannels], or null
   * @return [B, shape.outSize]
   */
  public static Var convolve(
      Tape tape, ConvShape shape, Var x, Var w, @Nullable Var bias, Activation f) {
    ConvNode n = tape.next(ConvNode.class, ConvNode::new);
    Tensor y = n.open(tape, false, shape, x, w, bias, f);
    Tensor b = bias == null ? null : bias.value();
    tape.backend().convolution().forward(shape, x.value(), w.value(), b, f, n.pre, y);
    return n.y;
  }

  /**
   * A transposed convolution with bias and activation, from the shape's output to its input.
   *
   * @param x [B, shape.outSize]
   * @param w [outChannels, shape.patch]
   * @param bias [inChannels], or null
   * @return [B, shape.inSize]
   */
  public static Var transposed(
      Tape tape, ConvShape shape, Var x, Var w, @Nullable Var bias, Activation f) {
    ConvNode n = tape.next(ConvNode.class, ConvNode::new);
    Tensor y = n.open(tape, true, shape, x, w, bias, f);
    Tensor b = bias == null ? null : bias.value();
    tape.backend().convolution().transposed(shape, x.value(), w.value(), b, f, n.pre, y);
    return n.y;
  }

  private static final ConvShape NO_SHAPE = ConvShape.square(1, 1, 1, 1, 1, 1, 0);

  private static final class ConvNode extends Node {
    private boolean transposed;
    private ConvShape shape = NO_SHAPE;
    private Var x = new Var();
    private Var w = new Var();
    private @Nullable Var bias;
    private Activation f = Activation.NONE;
    private @Nullable Tensor pre;
    private final Var y = new Var();

    private Tensor open(
        Tape tape,
        boolean turned,
        ConvShape geometry,
        Var in,
        Var weight,
        @Nullable Var b,
        Activation activation) {
      transposed = turned;
      shape = geometry;
      x = in;
      w = weight;
      bias = b;
      f = activation;
      int rows = in.value().rows();
      int columns = turned ? geometry.inSize() : geometry.outSize();
      pre = activation.needsPre() ? tape.arena().take(rows, columns) : null;
      boolean needed =
          in.needsGradient() || weight.needsGradient() || (b != null && b.needsGradient());
      return tape.open(y, needed, rows, columns);
    }

    @Override
    protected boolean reached() {
      return y.needsGradient() && !y.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor dY = y.gradient();
      if (dY == null) {
        return;
      }
      Tensor in = x.value();
      Tensor weight = w.value();
      Tensor out = y.value();
      Tensor dX = x.gradient();
      Tensor dW = w.gradient();
      Tensor dBias = bias == null ? null : bias.gradient();
      var k = kernels.convolution();
      if (transposed) {
        k.transposedBackward(shape, in, weight, f, pre, out, dY, dY, dX, dW, dBias);
      } else {
        k.backward(shape, in, weight, f, pre, out, dY, dY, dX, dW, dBias);
      }
    }
  }
}
