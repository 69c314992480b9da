package io.github.elbo4j.train;

/**
 * Training met a NaN or an infinity: the message names the step, the tensor and the last good
 * checkpoint.
 */
public final class NonFiniteException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long step;
  private final String tensor;

  NonFiniteException(long step, String tensor, String checkpoint) {
    super(
        "step %d: %s is not finite; last good checkpoint: %s; go on with --resume and a lower --learning-rate or a --clip-norm"
            .formatted(step, tensor, checkpoint));
    this.step = step;
    this.tensor = tensor;
  }

  /** The step, counted from 1. */
  public long step() {
    return step;
  }

  /** The first tensor, in the order of the computation, that is not finite. */
  public String tensor() {
    return tensor;
  }
}
