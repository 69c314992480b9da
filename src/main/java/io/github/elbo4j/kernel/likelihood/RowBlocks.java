package io.github.elbo4j.kernel.likelihood;

/** How rows of sample space are cut into blocks: by their length alone. */
final class RowBlocks {
  /** Elements of a block, which fit in L1 with the data beside them. */
  private static final int ELEMENTS = 8192;

  private static final int MOST_ROWS = 64;

  private RowBlocks() {}

  /** Rows of {@code n} elements in a block. */
  static int rows(int n) {
    return Math.clamp(ELEMENTS / Math.max(1, n), 1, MOST_ROWS);
  }
}
