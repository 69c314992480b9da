package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** log N(x; mu, L·Lᵀ) of blocks of rows, and its gradients. */
final class FactorDensity extends KernelTask {
  private static final int L = SimdMath.L;
  private static final double LOG_2PI = Math.log(2 * Math.PI);

  private final FactorTiling tiling = new FactorTiling();
  private final FactorSource factor = new FactorSource();
  private final FactorGradient gradient = new FactorGradient();
  private Tensor x = Tensor.EMPTY;
  private Tensor mu = Tensor.EMPTY;
  private Tensor logProb = Tensor.EMPTY; // or its gradient
  private @Nullable Tensor dX;
  private boolean backward;
  private int d;

  void forward(
      Tensor points, Tensor mean, @Nullable Tensor logSigma, Tensor lower, Tensor logDensity) {
    begin(points, mean, logSigma, lower, logDensity, false);
    fork(tiling.blocks(), x.size() * (d / 2 + 20L));
  }

  void backward(
      Tensor points,
      Tensor mean,
      @Nullable Tensor logSigma,
      Tensor lower,
      Tensor gradLogDensity,
      @Nullable Tensor gradPoints,
      @Nullable Tensor gradMu,
      @Nullable Tensor gradLogSigma,
      @Nullable Tensor gradLower) {
    begin(points, mean, logSigma, lower, gradLogDensity, true);
    dX = gradPoints;
    gradient.set(gradMu, gradLogSigma, gradLower, d);
    fork(tiling.blocks() / tiling.chunks(), x.size() * (d + 20L));
  }

  private void begin(
      Tensor points,
      Tensor mean,
      @Nullable Tensor logSigma,
      Tensor lower,
      Tensor logDensity,
      boolean isBackward) {
    x = points;
    mu = mean;
    logProb = logDensity;
    backward = isBackward;
    d = mu.columns();
    factor.set(logSigma, lower, d);
    tiling.set(mu.rows(), x.rows());
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    mu = Tensor.EMPTY;
    logProb = Tensor.EMPTY;
    dX = null;
    factor.forget();
    gradient.forget();
  }

  @Override
  public void run(int block) {
    if (backward) {
      int first = block * tiling.chunks();
      for (int b = first; b < first + tiling.chunks(); b++) {
        gradients(b);
      }
    } else {
      densities(block);
    }
  }

  /** y = L⁻¹·(x − mu) of the block's rows, as tiles from {@code first} on; then 1/L_ii and mu. */
  private void whiten(int block, float[] tiles, int first) {
    Scratch scratch = Scratch.get();
    int n = tiling.tiles(block) * d * L;
    int inverse = first + n;
    int means = inverse + d * L;
    float[] rows = scratch.floats(3, tiling.pointsIn(block) * d);
    int p = mu.offset() + tiling.firstPoint(block) * d;
    FactorSolves.inverse(tiling, factor, block, d, rows, tiles, inverse);
    FactorSolves.vector(tiling, block, d, mu.array(), p, tiles, means);
    int at = x.offset() + tiling.firstRow(block) * d;
    FactorSolves.load(tiling, block, d, x.array(), at, tiles, first);
    for (int t = first; t < inverse; t += d * L) {
      FactorTile.centre(tiles, means, tiles, t, d * L);
    }
    float[] panel = scratch.floats(0, FactorTile.panelSize(d));
    FactorSolves.forward(tiling, factor, block, d, tiles, inverse, first, panel);
  }

  private int tileFloats(int block) {
    return (tiling.tiles(block) + 2) * d * L;
  }

  private void densities(int block) {
    Scratch scratch = Scratch.get();
    int rows = tiling.rowsIn(block);
    float[] tiles = scratch.floats(1, tileFloats(block));
    whiten(block, tiles, 0);
    float[] y = scratch.floats(2, rows * d);
    FactorSolves.store(tiling, block, d, tiles, 0, y, 0);
    int points = tiling.pointsIn(block);
    float[] logs = scratch.floats(3, points * d);
    factor.logDiagonal(tiling.firstPoint(block), points, logs);
    float[] lanes = scratch.floats(0, L);
    int n = rows / points;
    for (int p = 0; p < points; p++) {
      double logDet = Lanes.sum(logs, p * d, d, lanes);
      for (int r = p * n; r < (p + 1) * n; r++) {
        double squares = Lanes.sumOfSquares(y, r * d, d, lanes);
        int to = logProb.offset() + tiling.firstRow(block) + r;
        logProb.array()[to] = (float) (-0.5 * (squares + d * LOG_2PI) - logDet);
      }
    }
  }

  /** Scratch 1: w of all rows, then tiles. Scratch 2: y of all rows. */
  private void gradients(int block) {
    Scratch scratch = Scratch.get();
    int rows = tiling.rowsIn(block);
    int first = tiling.firstRow(block);
    int tilesAt = rows * d;
    float[] w = scratch.floats(1, tilesAt + tileFloats(block));
    whiten(block, w, tilesAt);
    float[] y = scratch.floats(2, rows * d + FactorOuter.PAD);
    FactorSolves.store(tiling, block, d, w, tilesAt, y, 0);
    int inverse = tilesAt + tiling.tiles(block) * d * L;
    float[] panel = scratch.floats(0, FactorTile.panelSize(d));
    FactorSolves.transposed(tiling, factor, block, d, w, inverse, tilesAt, panel);
    FactorSolves.store(tiling, block, d, w, tilesAt, w, 0);
    for (int r = 0; r < rows; r++) {
      float g = logProb.array()[logProb.offset() + first + r];
      for (int i = r * d; i < (r + 1) * d; i++) {
        w[i] *= g;
      }
    }
    if (dX != null) {
      FactorOuter.addScaled(-1, w, 0, dX.array(), dX.offset() + first * d, rows * d);
    }
    if (gradient.wanted()) {
      toParameters(block, w, y);
    }
  }

  private void toParameters(int block, float[] w, float[] y) {
    int point = tiling.firstPoint(block);
    int points = tiling.pointsIn(block);
    int n = tiling.rowsIn(block) / points;
    int row = logProb.offset() + tiling.firstRow(block);
    float[] diagonal = Scratch.get().floats(3, 2 * points * d);
    factor.inverseDiagonal(point, points, diagonal);
    System.arraycopy(diagonal, 0, diagonal, points * d, points * d);
    factor.diagonal(point, points, diagonal);
    for (int p = 0; p < points; p++) {
      gradient.add(point + p, w, p * n * d, y, p * n * d, n, diagonal, p * d, null, 0);
      double sum = 0;
      for (int r = p * n; r < (p + 1) * n; r++) {
        sum += logProb.array()[row + r];
      }
      gradient.addToLogDiagonal(point + p, (float) -sum, diagonal, (points + p) * d);
    }
  }
}
