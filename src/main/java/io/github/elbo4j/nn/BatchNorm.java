package io.github.elbo4j.nn;

import io.github.elbo4j.autodiff.NormalizationOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.tensor.Tensor;

/**
 * Batch normalisation with a learned gain and bias for each channel (Ioffe and Szegedy 2015). On a
 * tape that records it normalises by the batch and moves the running statistics; on one that does
 * not, by the running statistics.
 *
 * <p>The running statistics stand among the parameters, so that they are saved, loaded and averaged
 * with them. They never get a gradient, and row vectors have no weight decay: an optimiser leaves
 * them as they are.
 */
public final class BatchNorm implements Network {
  /** What is added to the variance unless the caller says otherwise. */
  public static final float EPSILON = 1e-5f;

  /** Weight of a batch in the running statistics unless the caller says otherwise. */
  public static final float MOMENTUM = 0.1f;

  private final Var gain;
  private final Var bias;
  private final Tensor runningMean;
  private final Tensor runningVariance;
  private final float epsilon;
  private final float momentum;

  /** The layer that {@link #declare} put there under {@code name}. */
  public BatchNorm(Parameters parameters, String name) {
    this(parameters, name, EPSILON, MOMENTUM);
  }

  /** The same with another epsilon and momentum. */
  public BatchNorm(Parameters parameters, String name, float epsilon, float momentum) {
    this.gain = LayerNorm.parameter(parameters, name + ".gain");
    this.bias = LayerNorm.parameter(parameters, name + ".bias");
    this.runningMean = parameters.value(name + ".runningMean");
    this.runningVariance = parameters.value(name + ".runningVariance");
    this.epsilon = epsilon;
    this.momentum = momentum;
  }

  /**
   * Declares {@code name.gain} [C], at first 1, {@code name.bias} [C], at first 0, and the running
   * statistics {@code name.runningMean} [C], at first 0, and {@code name.runningVariance} [C], at
   * first 1.
   */
  public static void declare(Parameters.Builder builder, String name, int channels) {
    builder.add(name + ".gain", 1, channels, Initializer.constant(1));
    builder.add(name + ".bias", 1, channels, Initializer.zeros());
    builder.add(name + ".runningMean", 1, channels, Initializer.zeros());
    builder.add(name + ".runningVariance", 1, channels, Initializer.constant(1));
  }

  /** x [R,C·S] to y [R,C·S]. */
  @Override
  public Var forward(Tape tape, Var x) {
    return tape.recording()
        ? NormalizationOps.batchNorm(
            tape, x, gain, bias, epsilon, momentum, runningMean, runningVariance)
        : NormalizationOps.fixedNorm(tape, x, gain, bias, runningMean, runningVariance, epsilon);
  }
}
