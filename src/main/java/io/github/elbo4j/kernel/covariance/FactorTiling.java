package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.SimdMath;

/**
 * How rows of sample space are laid across the lanes of a vector, so that triangular products and
 * substitutions run in all lanes alike and nothing is ever summed over lanes.
 *
 * <p>With few samples a point, lanes are data points: a block is L points, tile k their samples k,
 * and each lane has its own factor. With L samples or more, lanes are samples of one point, which
 * share its factor. A tile of x is [D][L]: row d holds dimension d of L rows of sample space.
 * Either way the rows of a block are neighbours.
 */
final class FactorTiling {
  private static final int L = SimdMath.L;

  /** Tiles of a block whose lanes are samples. */
  private static final int TILES = 16;

  private int points;
  private int samples;
  private boolean shared;
  private int chunks;

  void set(int numberOfPoints, int rows) {
    points = numberOfPoints;
    samples = points == 0 ? 1 : rows / points;
    shared = samples >= L;
    chunks = shared ? Math.ceilDiv(samples, TILES * L) : 1;
  }

  /** Samples a point. */
  int samples() {
    return samples;
  }

  /** Whether all lanes share one factor. */
  boolean shared() {
    return shared;
  }

  /** Blocks that the samples of one point are cut into: 1 unless they are many. */
  int chunks() {
    return chunks;
  }

  int blocks() {
    return shared ? points * chunks : Math.ceilDiv(points, L);
  }

  int firstPoint(int block) {
    return shared ? block / chunks : block * L;
  }

  int pointsIn(int block) {
    return shared ? 1 : Math.min(L, points - block * L);
  }

  /** Whether the block holds the first samples of its points. */
  boolean first(int block) {
    return block % chunks == 0;
  }

  int firstRow(int block) {
    return firstPoint(block) * samples + block % chunks * TILES * L;
  }

  int rowsIn(int block) {
    return shared
        ? Math.min(TILES * L, samples - block % chunks * TILES * L)
        : pointsIn(block) * samples;
  }

  int tiles(int block) {
    return shared ? Math.ceilDiv(rowsIn(block), L) : samples;
  }

  /** Lanes in use. */
  int lanes(int block, int tile) {
    return shared ? Math.min(L, rowsIn(block) - tile * L) : pointsIn(block);
  }

  /** The row of lane 0, counted from the block's first. */
  int row(int tile) {
    return shared ? tile * L : tile;
  }

  /** Rows from one lane's to the next one's. */
  int stride() {
    return shared ? 1 : samples;
  }
}
