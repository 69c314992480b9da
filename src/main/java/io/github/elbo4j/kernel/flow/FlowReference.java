package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link FlowKernels} in double: the law. The mathematics is in {@link PlanarReference}, {@link
 * RadialReference} and {@link HouseholderReference}.
 */
public final class FlowReference extends FlowKernels {
  /** Σ a·b over n elements. */
  static double dot(double[] a, int aFrom, double[] b, int bFrom, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += a[aFrom + i] * b[bFrom + i];
    }
    return sum;
  }

  /** A squared norm with the contract's edges: 0 where tiny, NaN beyond float32. */
  static double square(double x) {
    return x > Float.MAX_VALUE ? Double.NaN : x < SMALLEST_SQUARE ? 0 : x;
  }

  /** ln(1 + e^x), at least the contract's smallest. */
  static double softplus(double x) {
    return Math.max(ReferenceMath.softplus(x), SMALLEST_SOFTPLUS);
  }

  static double[] zeros(int n) {
    return new double[n];
  }

  static double[] readOrZeros(@Nullable Tensor t, int n) {
    return t == null ? zeros(n) : Doubles.read(t);
  }

  private static int steps(Tensor u, Tensor b) {
    return b.size() / u.rows();
  }

  @Override
  protected void doPlanar(
      Tensor z, Tensor u, Tensor w, Tensor b, Tensor zOut, @Nullable Tensor logDet) {
    int s = steps(u, b);
    double[] sums = Doubles.like(logDet);
    double[][] path =
        PlanarReference.forward(
            Doubles.read(z),
            Doubles.read(u),
            Doubles.read(w),
            Doubles.read(b),
            s,
            rowsPerParameter(z, u),
            z.columns(),
            sums);
    Doubles.write(path[s], zOut);
    Doubles.accumulate(sums, logDet);
  }

  @Override
  protected void doPlanarInverse(
      Tensor zOut, Tensor u, Tensor w, Tensor b, Tensor z, @Nullable Tensor logDet) {
    double[] sums = Doubles.like(logDet);
    double[] inverse =
        PlanarReference.inverse(
            Doubles.read(zOut),
            Doubles.read(u),
            Doubles.read(w),
            Doubles.read(b),
            steps(u, b),
            rowsPerParameter(z, u),
            z.columns(),
            sums);
    Doubles.write(inverse, z);
    Doubles.accumulate(sums, logDet);
  }

  @Override
  protected void doPlanarBackward(
      Tensor z,
      Tensor u,
      Tensor w,
      Tensor b,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor du,
      @Nullable Tensor dw,
      @Nullable Tensor db) {
    double[] toU = zeros(u.size());
    double[] toW = zeros(w.size());
    double[] toB = zeros(b.size());
    double[] toZ =
        PlanarReference.backward(
            Doubles.read(z),
            Doubles.read(u),
            Doubles.read(w),
            Doubles.read(b),
            steps(u, b),
            rowsPerParameter(z, u),
            z.columns(),
            readOrZeros(dzOut, z.size()),
            readOrZeros(dLogDet, z.rows()),
            toU,
            toW,
            toB);
    Doubles.accumulate(toZ, dz);
    Doubles.accumulate(toU, du);
    Doubles.accumulate(toW, dw);
    Doubles.accumulate(toB, db);
  }

  @Override
  protected void doRadial(
      Tensor z, Tensor z0, Tensor alphaHat, Tensor betaHat, Tensor zOut, @Nullable Tensor logDet) {
    double[] sums = Doubles.like(logDet);
    double[] out =
        RadialReference.forward(
            Doubles.read(z),
            Doubles.read(z0),
            Doubles.read(alphaHat),
            Doubles.read(betaHat),
            rowsPerParameter(z, z0),
            z.columns(),
            sums);
    Doubles.write(out, zOut);
    Doubles.accumulate(sums, logDet);
  }

  @Override
  protected void doRadialInverse(
      Tensor zOut, Tensor z0, Tensor alphaHat, Tensor betaHat, Tensor z, @Nullable Tensor logDet) {
    double[] sums = Doubles.like(logDet);
    double[] inverse =
        RadialReference.inverse(
            Doubles.read(zOut),
            Doubles.read(z0),
            Doubles.read(alphaHat),
            Doubles.read(betaHat),
            rowsPerParameter(z, z0),
            z.columns(),
            sums);
    Doubles.write(inverse, z);
    Doubles.accumulate(sums, logDet);
  }

  @Override
  protected void doRadialBackward(
      Tensor z,
      Tensor z0,
      Tensor alphaHat,
      Tensor betaHat,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor dz0,
      @Nullable Tensor dAlphaHat,
      @Nullable Tensor dBetaHat) {
    double[] toZ = zeros(z.size());
    double[] toCentre = zeros(z0.size());
    double[] toAlpha = zeros(z0.rows());
    double[] toBeta = zeros(z0.rows());
    RadialReference.backward(
        Doubles.read(z),
        Doubles.read(z0),
        Doubles.read(alphaHat),
        Doubles.read(betaHat),
        rowsPerParameter(z, z0),
        z.columns(),
        readOrZeros(dzOut, z.size()),
        readOrZeros(dLogDet, z.rows()),
        toZ,
        toCentre,
        toAlpha,
        toBeta);
    Doubles.accumulate(toZ, dz);
    Doubles.accumulate(toCentre, dz0);
    Doubles.accumulate(toAlpha, dAlphaHat);
    Doubles.accumulate(toBeta, dBetaHat);
  }

  @Override
  protected void doHouseholder(Tensor z, Tensor v, boolean lastFirst, Tensor zOut) {
    double[] x = Doubles.read(z);
    int h = reflections("householder", z, v);
    HouseholderReference.reflect(
        x, Doubles.read(v), h, rowsPerParameter(z, v), z.columns(), lastFirst);
    Doubles.write(x, zOut);
  }

  @Override
  protected void doHouseholderBackward(
      Tensor zOut, Tensor v, Tensor dzOut, @Nullable Tensor dz, @Nullable Tensor dv) {
    double[] g = Doubles.read(dzOut);
    double[] toV = zeros(v.size());
    int h = reflections("householderBackward", zOut, v);
    HouseholderReference.backward(
        Doubles.read(zOut),
        Doubles.read(v),
        h,
        rowsPerParameter(zOut, v),
        zOut.columns(),
        false,
        g,
        toV);
    Doubles.accumulate(g, dz);
    Doubles.accumulate(toV, dv);
  }
}
