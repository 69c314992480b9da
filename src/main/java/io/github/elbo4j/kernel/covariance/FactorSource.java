package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A batch of factors in either form, read into tiles. */
final class FactorSource {
  private @Nullable Tensor logSigma;
  private Tensor entries = Tensor.EMPTY;
  private int d;

  /** Packed, or full where {@code logDiagonal} is null. */
  void set(@Nullable Tensor logDiagonal, Tensor lower, int dimensions) {
    logSigma = logDiagonal;
    entries = lower;
    d = dimensions;
  }

  void forget() {
    logSigma = null;
    entries = Tensor.EMPTY;
  }

  /** Rows [i0, i1) below the diagonal of the factors of {@code lanes} points. */
  void panel(int point, int lanes, boolean shared, int i0, int i1, float[] tile) {
    float[] a = entries.array();
    if (logSigma != null) {
      int size = FactorTile.offset(d);
      int start = FactorTile.offset(i0);
      int at = entries.offset() + point * size + start;
      FactorTile.fill(a, at, size, lanes, shared, FactorTile.offset(i1) - start, tile, 0);
      return;
    }
    int at = entries.offset() + point * d * d;
    for (int i = i0; i < i1; i++) {
      int t = (FactorTile.offset(i) - FactorTile.offset(i0)) * SimdMath.L;
      FactorTile.fill(a, at + i * d, d * d, lanes, shared, i, tile, t);
    }
  }

  /** out[p·d + i] = 1/L_ii of {@code n} points. */
  void inverseDiagonal(int point, int n, float[] out) {
    if (logSigma != null) {
      int at = logSigma.offset() + point * d;
      for (int i = 0; i < n * d; i++) {
        out[i] = -logSigma.array()[at + i];
      }
      SimdMath.exp(out, 0, out, 0, n * d);
      return;
    }
    diagonal(point, n, out);
    for (int i = 0; i < n * d; i++) {
      out[i] = 1 / out[i];
    }
  }

  /** out[p·d + i] = L_ii of {@code n} points. */
  void diagonal(int point, int n, float[] out) {
    if (logSigma != null) {
      SimdMath.exp(logSigma.array(), logSigma.offset() + point * d, out, 0, n * d);
      return;
    }
    for (int p = 0; p < n; p++) {
      int at = entries.offset() + (point + p) * d * d;
      for (int i = 0; i < d; i++) {
        out[p * d + i] = entries.array()[at + i * (d + 1)];
      }
    }
  }

  /** out[p·d + i] = log L_ii of {@code n} points. */
  void logDiagonal(int point, int n, float[] out) {
    if (logSigma != null) {
      System.arraycopy(logSigma.array(), logSigma.offset() + point * d, out, 0, n * d);
      return;
    }
    diagonal(point, n, out);
    SimdMath.log(out, 0, out, 0, n * d);
  }
}
