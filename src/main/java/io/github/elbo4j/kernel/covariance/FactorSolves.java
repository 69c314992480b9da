package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.SimdMath;

/**
 * Solves with the factors of one block of a {@link FactorTiling}, in place, for all tiles of the
 * block, which lie one after another. {@code work} is a tile of {@link FactorTile#panelSize}.
 */
final class FactorSolves {
  private static final int L = SimdMath.L;

  private FactorSolves() {}

  /** The inverse diagonals of a block as a tile, by way of {@code rows}, d floats a point. */
  static void inverse(
      FactorTiling tiling,
      FactorSource factor,
      int block,
      int d,
      float[] rows,
      float[] tile,
      int t) {
    int points = tiling.pointsIn(block);
    factor.inverseDiagonal(tiling.firstPoint(block), points, rows);
    vector(tiling, block, d, rows, 0, tile, t);
  }

  /** A vector a point as a tile; {@code at} is the first point's. */
  static void vector(
      FactorTiling tiling, int block, int d, float[] a, int at, float[] tile, int t) {
    if (tiling.shared()) {
      FactorTile.spread(a, at, d, tile, t);
    } else {
      FactorTile.load(a, at, d, tiling.pointsIn(block), d, tile, t);
    }
  }

  /** Rows of sample space of a block, from {@code at} on, as tiles. */
  static void load(
      FactorTiling tiling, int block, int d, float[] a, int at, float[] tiles, int first) {
    for (int t = 0; t < tiling.tiles(block); t++) {
      int lanes = tiling.lanes(block, t);
      int from = at + tiling.row(t) * d;
      FactorTile.load(a, from, tiling.stride() * d, lanes, d, tiles, first + t * d * L);
    }
  }

  /** The reverse of {@link #load}. */
  static void store(
      FactorTiling tiling, int block, int d, float[] tiles, int first, float[] a, int at) {
    for (int t = 0; t < tiling.tiles(block); t++) {
      int lanes = tiling.lanes(block, t);
      int to = at + tiling.row(t) * d;
      FactorTile.store(tiles, first + t * d * L, lanes, d, a, to, tiling.stride() * d);
    }
  }

  /** Every tile y from {@code first} on becomes L⁻¹·y; the inverse diagonals stand at {@code v}. */
  static void forward(
      FactorTiling tiling,
      FactorSource factor,
      int block,
      int d,
      float[] tiles,
      int v,
      int first,
      float[] work) {
    int count = tiling.tiles(block);
    for (int i0 = 0; i0 < d; ) {
      int i1 = FactorTile.panelEnd(i0, d);
      panel(tiling, factor, block, i0, i1, work);
      for (int t = 0; t < count; t++) {
        FactorTile.substitute(work, i0, i1, tiles, v, tiles, first + t * d * L);
      }
      i0 = i1;
    }
  }

  /** Every tile y becomes L⁻ᵀ·y. */
  static void transposed(
      FactorTiling tiling,
      FactorSource factor,
      int block,
      int d,
      float[] tiles,
      int v,
      int first,
      float[] work) {
    int count = tiling.tiles(block);
    for (int i1 = d; i1 > 0; ) {
      int i0 = FactorTile.panelStart(i1);
      panel(tiling, factor, block, i0, i1, work);
      for (int t = 0; t < count; t++) {
        FactorTile.substituteTransposed(work, i0, i1, tiles, v, tiles, first + t * d * L);
      }
      i1 = i0;
    }
  }

  static void panel(
      FactorTiling tiling, FactorSource factor, int block, int i0, int i1, float[] work) {
    int point = tiling.firstPoint(block);
    factor.panel(point, tiling.pointsIn(block), tiling.shared(), i0, i1, work);
  }
}
