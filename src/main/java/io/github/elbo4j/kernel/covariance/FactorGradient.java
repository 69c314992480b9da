package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Where the gradients to mu and to the factor of one Gaussian a data point go, and how rows u, v of
 * sample space with {@code dmu += Σ_k u}, {@code dL += Σ_k u·vᵀ} on and below the diagonal are
 * added to them. Works in slot 0 of the scratch.
 */
final class FactorGradient {
  private @Nullable Tensor mu;
  private @Nullable Tensor logSigma;
  private @Nullable Tensor entries;
  private int d;

  /** Packed, or full where {@code toLogDiagonal} is null. */
  void set(
      @Nullable Tensor toMu,
      @Nullable Tensor toLogDiagonal,
      @Nullable Tensor toEntries,
      int dimensions) {
    mu = toMu;
    logSigma = toLogDiagonal;
    entries = toEntries;
    d = dimensions;
  }

  void forget() {
    set(null, null, null, 0);
  }

  boolean wanted() {
    return entries != null;
  }

  /**
   * Adds what {@code n} rows of point b bring, and in the packed form {@code scale·multiple} below
   * the diagonal, in the same pass over the gradient.
   *
   * @param v may be read {@link FactorOuter#PAD} floats behind its last row
   * @param diagonal L_ii in the packed form, from {@code s} on
   */
  void add(
      int b,
      float[] u,
      int uAt,
      float[] v,
      int vAt,
      int n,
      float[] diagonal,
      int s,
      @Nullable Tensor multiple,
      float scale) {
    if (mu == null || entries == null) {
      return;
    }
    int below = FactorOuter.size(d);
    float[] work = Scratch.get().floats(0, below + 2 * d);
    FactorOuter.below(u, uAt, v, vAt, n, d, work);
    FactorOuter.diagonal(u, uAt, v, vAt, n, d, work, below, below + d);
    Lanes.add(work, below, mu.array(), mu.offset() + b * d, d);
    float[] to = entries.array();
    if (logSigma != null) {
      float[] g = logSigma.array();
      int at = logSigma.offset() + b * d;
      for (int i = 0; i < d; i++) {
        g[at + i] = Math.fma(work[below + d + i], diagonal[s + i], g[at + i]);
      }
      int size = FactorTile.offset(d);
      int first = entries.offset() + b * size;
      if (multiple == null) {
        Lanes.add(work, 0, to, first, size);
      } else {
        int from = multiple.offset() + b * size;
        FactorOuter.addBoth(work, scale, multiple.array(), from, to, first, size);
      }
      return;
    }
    int at = entries.offset() + b * d * d;
    for (int i = 0; i < d; i++) {
      Lanes.add(work, FactorTile.offset(i), to, at + i * d, i);
      to[at + i * d + i] += work[below + d + i];
    }
  }

  /**
   * Adds {@code g} to the gradient to every log L_ii of point b; {@code s} is where 1/L_ii begin.
   */
  void addToLogDiagonal(int b, float g, float[] inverse, int s) {
    if (logSigma != null) {
      int at = logSigma.offset() + b * d;
      for (int i = 0; i < d; i++) {
        logSigma.array()[at + i] += g;
      }
    } else if (entries != null) {
      int at = entries.offset() + b * d * d;
      for (int i = 0; i < d; i++) {
        entries.array()[at + i * (d + 1)] += g * inverse[s + i];
      }
    }
  }
}
