package io.github.elbo4j.kernel.covariance;

/** Which system a Cholesky factor solves. */
public enum LinearSystem {
  /** {@code L·X = Y}. */
  LOWER,
  /** {@code Lᵀ·X = Y}. */
  TRANSPOSED,
  /** {@code L·Lᵀ·X = Y}: the matrix that was factored. */
  FULL
}
