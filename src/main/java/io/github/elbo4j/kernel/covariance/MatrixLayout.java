package io.github.elbo4j.kernel.covariance;

/** How a batch of small matrices lies in memory. */
public enum MatrixLayout {
  /** One matrix after the other, each row-major: {@code [B,R,C]}, or {@code [B,R·C]}. */
  MATRICES,

  /**
   * Sixteen matrices side by side, {@code [⌈B/16⌉, R·C·16]}: element (i, j) of matrix b is element
   * {@code ((b/16)·R·C + i·C + j)·16 + b%16}. Every step of an algorithm then works on sixteen
   * matrices at once. The layout is the same on every machine. What a last group has beyond B
   * matrices is computed like the rest and means nothing; {@link CholeskyKernels#pack} repeats a
   * matrix there.
   */
  LANES
}
