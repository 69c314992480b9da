package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;

/** {@link io.github.elbo4j.kernel.dense.NormalizationKernels} on the tape. */
public final class NormalizationOps {
  private NormalizationOps() {}

  /** The softmax of each row of x [R,C]. */
  public static Var softmax(Tape tape, Var x) {
    return softmax(tape, x, false);
  }

  /** The logarithm of the softmax of each row of x [R,C]. */
  public static Var logSoftmax(Tape tape, Var x) {
    return softmax(tape, x, true);
  }

  private static Var softmax(Tape tape, Var x, boolean log) {
    SoftmaxNode n = tape.next(SoftmaxNode.class, SoftmaxNode::new);
    n.x = x;
    n.log = log;
    Tensor y = tape.open(n.y, x.needsGradient(), x.value().rows(), x.value().columns());
    if (log) {
      tape.backend().normalization().logSoftmax(x.value(), y);
    } else {
      tape.backend().normalization().softmax(x.value(), y);
    }
    return n.y;
  }

  /**
   * Layer normalisation over the D elements of each row.
   *
   * @param x [R,D]
   * @param gain [D]; gain and bias need a gradient both or neither
   * @param bias [D]
   * @param epsilon added to the variance
   * @return [R,D]
   */
  public static Var layerNorm(Tape tape, Var x, Var gain, Var bias, float epsilon) {
    NormNode n = tape.next(NormNode.class, NormNode::new);
    Tensor rowMean = tape.arena().take(x.value().rows());
    Tensor rstd = tape.arena().take(x.value().rows());
    Tensor y = n.open(tape, Form.LAYER, x, gain, bias, rowMean, rstd);
    tape.backend()
        .normalization()
        .layerNorm(x.value(), gain.value(), bias.value(), epsilon, y, rowMean, rstd);
    return n.y;
  }

  /**
   * Batch normalisation by the statistics of this batch, which move the running ones.
   *
   * @param x [R,C·S], C channels of S elements
   * @param gain [C]; gain and bias need a gradient both or neither
   * @param bias [C]
   * @param epsilon added to the variance
   * @param momentum weight of this batch in the running statistics
   * @param runningMean updated, [C]
   * @param runningVariance updated, [C]
   * @return [R,C·S]
   */
  public static Var batchNorm(
      Tape tape,
      Var x,
      Var gain,
      Var bias,
      float epsilon,
      float momentum,
      Tensor runningMean,
      Tensor runningVariance) {
    NormNode n = tape.next(NormNode.class, NormNode::new);
    Tensor mean = tape.arena().take(gain.value().size());
    Tensor rstd = tape.arena().take(gain.value().size());
    Tensor y = n.open(tape, Form.BATCH, x, gain, bias, mean, rstd);
    tape.backend()
        .normalization()
        .batchNorm(
            x.value(),
            gain.value(),
            bias.value(),
            epsilon,
            momentum,
            runningMean,
            runningVariance,
            y,
            mean,
            rstd);
    return n.y;
  }

  /**
   * Batch normalisation by given statistics.
   *
   * @param x [R,C·S], C channels of S elements
   * @param gain [C]; gain and bias need a gradient both or neither
   * @param bias [C]
   * @param mean [C], not changed until the tape is reset
   * @param variance [C]
   * @param epsilon added to the variance
   * @return [R,C·S]
   */
  public static Var fixedNorm(
      Tape tape, Var x, Var gain, Var bias, Tensor mean, Tensor variance, float epsilon) {
    NormNode n = tape.next(NormNode.class, NormNode::new);
    Tensor rstd = tape.arena().take(gain.value().size());
    Tensor y = n.open(tape, Form.FIXED, x, gain, bias, mean, rstd);
    tape.backend()
        .normalization()
        .fixedNorm(x.value(), gain.value(), bias.value(), mean, variance, epsilon, y, rstd);
    return n.y;
  }

  private enum Form {
    LAYER,
    BATCH,
    FIXED
  }

  private static final class SoftmaxNode extends Node {
    private Var x = new Var();
    private boolean log;
    private final Var y = new Var();

    @Override
    protected boolean reached() {
      return y.needsGradient() && !y.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor dY = y.gradient();
      Tensor dX = x.gradient();
      if (dY == null || dX == null) {
        return;
      }
      if (log) {
        kernels.normalization().logSoftmaxBackward(y.value(), dY, dX);
      } else {
        kernels.normalization().softmaxBackward(y.value(), dY, dX);
      }
    }
  }

  private static final class NormNode extends Node {
    private Form form = Form.LAYER;
    private Var x = new Var();
    private Var gain = new Var();
    private Var bias = new Var();
    private Tensor mean = Tensor.EMPTY;
    private Tensor rstd = Tensor.EMPTY;
    private final Var y = new Var();

    private Tensor open(Tape tape, Form f, Var in, Var g, Var b, Tensor means, Tensor rstds) {
      if (tape.recording() && g.needsGradient() != b.needsGradient()) {
        throw new IllegalArgumentException(
            "normalization: gain and bias must both need a gradient or neither");
      }
      form = f;
      x = in;
      gain = g;
      bias = b;
      mean = means;
      rstd = rstds;
      boolean needed = in.needsGradient() || g.needsGradient();
      return tape.open(y, needed, in.value().rows(), in.value().columns());
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
      Tensor g = gain.value();
      Tensor dX = x.gradient();
      Tensor dGain = gain.gradient();
      Tensor dBias = bias.gradient();
      var k = kernels.normalization();
      switch (form) {
        case LAYER -> k.layerNormBackward(in, g, mean, rstd, dY, dX, dGain, dBias);
        case BATCH -> k.batchNormBackward(in, g, mean, rstd, dY, dX, dGain, dBias);
        case FIXED -> k.fixedNormBackward(in, g, mean, rstd, dY, dX, dGain, dBias);
      }
    }
  }
}
