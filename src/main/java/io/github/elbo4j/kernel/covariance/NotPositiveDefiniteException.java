package io.github.elbo4j.kernel.covariance;

import java.io.Serial;

/** A matrix of a batch has no Cholesky factor. */
public final class NotPositiveDefiniteException extends ArithmeticException {
  @Serial private static final long serialVersionUID = 1;

  private final int index;
  private final int minor;

  NotPositiveDefiniteException(int index, int minor) {
    super(
        "matrix %d is not positive definite: its leading minor of order %d is not, or not finite"
            .formatted(index, minor));
    this.index = index;
    this.minor = minor;
  }

  /** The place in the batch of the first such matrix. */
  public int index() {
    return index;
  }

  /** The order of the first leading minor of it that is not positive, or not finite. */
  public int minor() {
    return minor;
  }
}
