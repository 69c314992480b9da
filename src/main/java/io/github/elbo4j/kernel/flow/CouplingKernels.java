package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Coupling and autoregressive steps of a flow (KERNELS.md §5): NICE (Dinh et al. 2015), RealNVP
 * (Dinh et al. 2017), inverse autoregressive (Kingma et al. 2016) and masked autoregressive
 * (Papamakarios et al. 2017). What is elementwise in them stands here; the network that gives t, s
 * and m is its caller's. R rows, D dimensions; {@code logDet[R]}, in nats, is added to.
 *
 * <p>A mask is [D]: a dimension whose element is not 0 is transformed, the others pass through.
 * Their t and s are not looked at. With an all-ones mask and t, s of a masked network that reads x
 * itself, {@link #affineInverse} is the masked autoregressive flow's {@code u = (x − t)·exp(−s)}.
 *
 * <p>NaN in gives NaN out. A gradient that is null counts as zeros when it is read, and is left out
 * when it would be accumulated.
 */
public abstract class CouplingKernels {
  /**
   * NICE: {@code out = z + t} in the transformed dimensions, {@code z} elsewhere; log|det| is 0.
   *
   * @param z read, [R,D]
   * @param t read, [R,D]
   * @param mask read, D elements
   * @param out written, [R,D]; may be {@code z} itself
   */
  public final void additive(Tensor z, Tensor t, Tensor mask, Tensor out) {
    checkAdditive("additive", z, t, mask, out);
    doAdditive(z, t, mask, false, out);
  }

  /** The inverse of {@link #additive}: {@code out = z − t} in the transformed dimensions. */
  public final void additiveInverse(Tensor z, Tensor t, Tensor mask, Tensor out) {
    checkAdditive("additiveInverse", z, t, mask, out);
    doAdditive(z, t, mask, true, out);
  }

  private static void checkAdditive(String m, Tensor z, Tensor t, Tensor mask, Tensor out) {
    Checks.same(m, "t", t, "z", z);
    Checks.length(m, "mask", mask, z.columns());
    Checks.same(m, "out", out, "z", z);
    Aliases.of(m).reads("z", z).reads("t", t).reads("mask", mask).writesOver("out", out, z).end();
  }

  /**
   * Gradients of {@link #additive}: {@code dZ += dOut}, and {@code dT += dOut} in the transformed
   * dimensions.
   *
   * @param mask read, D elements
   * @param dOut read, [R,D]
   * @param dZ accumulated, [R,D], or null
   * @param dT accumulated, [R,D], or null
   */
  public final void additiveBackward(
      Tensor mask, Tensor dOut, @Nullable Tensor dZ, @Nullable Tensor dT) {
    checkAdditiveBackward("additiveBackward", mask, dOut, dZ, dT);
    doAdditiveBackward(mask, false, dOut, dZ, dT);
  }

  /** Gradients of {@link #additiveInverse}: {@code dZ += dOut}, {@code dT −= dOut}. */
  public final void additiveInverseBackward(
      Tensor mask, Tensor dOut, @Nullable Tensor dZ, @Nullable Tensor dT) {
    checkAdditiveBackward("additiveInverseBackward", mask, dOut, dZ, dT);
    doAdditiveBackward(mask, true, dOut, dZ, dT);
  }

  private static void checkAdditiveBackward(
      String m, Tensor mask, Tensor dOut, @Nullable Tensor dZ, @Nullable Tensor dT) {
    Checks.length(m, "mask", mask, dOut.columns());
    Checks.same(m, "dZ", dZ, "dOut", dOut);
    Checks.same(m, "dT", dT, "dOut", dOut);
    Aliases.of(m).reads("mask", mask).reads("dOut", dOut).writes("dZ", dZ).writes("dT", dT).end();
  }

  /**
   * RealNVP. The network's {@code s} is bounded by a scale of each dimension, learned or fixed:
   *
   * <pre>
   * b[r,d]     = scale[d]·tanh(s[r,d])             so that |b| &lt;= |scale|
   * out[r,d]   = z·exp(b) + t                      transformed dimensions, z elsewhere
   * logDet[r] += Σ_d b                             over the transformed dimensions
   * </pre>
   *
   * exp(b) has the range of a float32: +∞ from b = 88.73 on, which takes a scale as large.
   *
   * @param z read, [R,D]
   * @param t read, [R,D]
   * @param s read, [R,D], before its bound
   * @param scale read, D elements
   * @param mask read, D elements
   * @param out written, [R,D]; may be {@code z} itself
   * @param logDet accumulated, R elements, or null
   */
  public final void affine(
      Tensor z,
      Tensor t,
      Tensor s,
      Tensor scale,
      Tensor mask,
      Tensor out,
      @Nullable Tensor logDet) {
    checkAffine("affine", z, t, s, scale, mask, out, logDet);
    doAffine(z, t, s, scale, mask, false, out, logDet);
  }

  /**
   * The inverse of {@link #affine}: {@code out = (z − t)·exp(−b)}, {@code logDet −= Σ_d b}.
   * Arguments as there.
   */
  public final void affineInverse(
      Tensor z,
      Tensor t,
      Tensor s,
      Tensor scale,
      Tensor mask,
      Tensor out,
      @Nullable Tensor logDet) {
    checkAffine("affineInverse", z, t, s, scale, mask, out, logDet);
    doAffine(z, t, s, scale, mask, true, out, logDet);
  }

  private static void checkAffine(
      String m,
      Tensor z,
      Tensor t,
      Tensor s,
      Tensor scale,
      Tensor mask,
      Tensor out,
      @Nullable Tensor logDet) {
    Checks.same(m, "t", t, "z", z);
    Checks.same(m, "s", s, "z", z);
    Checks.length(m, "scale", scale, z.columns());
    Checks.length(m, "mask", mask, z.columns());
    Checks.same(m, "out", out, "z", z);
    Checks.length(m, "logDet", logDet, z.rows());
    Aliases.of(m)
        .reads("z", z)
        .reads("t", t)
        .reads("s", s)
        .reads("scale", scale)
        .reads("mask", mask)
        .writesOver("out", out, z)
        .writes("logDet", logDet)
        .end();
  }

  /**
   * Gradients of {@link #affine}, in the transformed dimensions:
   *
   * <pre>
   * dZ     += dOut·exp(b)                          elsewhere dZ += dOut
   * dT     += dOut
   * db      = dOut·z·exp(b) + dLogDet
   * dS     += db·scale·(1 − tanh²(s))
   * dScale += Σ_r db·tanh(s)
   * </pre>
   *
   * @param z read, [R,D], the input of the forward pass
   * @param dOut read, [R,D], or null
   * @param dLogDet read, R elements, or null
   * @param dZ accumulated, [R,D], or null
   * @param dT accumulated, [R,D], or null
   * @param dS accumulated, [R,D], or null
   * @param dScale accumulated, D elements, or null when the scale is fixed
   */
  public final void affineBackward(
      Tensor z,
      Tensor t,
      Tensor s,
      Tensor scale,
      Tensor mask,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dT,
      @Nullable Tensor dS,
      @Nullable Tensor dScale) {
    checkAffineBackward("affineBackward", z, t, s, scale, mask, dOut, dLogDet, dZ, dT, dS, dScale);
    doAffineBackward(z, t, s, scale, mask, false, dOut, dLogDet, dZ, dT, dS, dScale);
  }

  /**
   * Gradients of {@link #affineInverse}: {@code dZ += dOut·exp(−b)}, {@code dT −= dOut·exp(−b)},
   * {@code db = −dOut·(z − t)·exp(−b) − dLogDet}, the rest as in {@link #affineBackward}.
   */
  public final void affineInverseBackward(
      Tensor z,
      Tensor t,
      Tensor s,
      Tensor scale,
      Tensor mask,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dT,
      @Nullable Tensor dS,
      @Nullable Tensor dScale) {
    checkAffineBackward(
        "affineInverseBackward", z, t, s, scale, mask, dOut, dLogDet, dZ, dT, dS, dScale);
    doAffineBackward(z, t, s, scale, mask, true, dOut, dLogDet, dZ, dT, dS, dScale);
  }

  private static void checkAffineBackward(
      String m,
      Tensor z,
      Tensor t,
      Tensor s,
      Tensor scale,
      Tensor mask,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dT,
      @Nullable Tensor dS,
      @Nullable Tensor dScale) {
    Checks.same(m, "t", t, "z", z);
    Checks.same(m, "s", s, "z", z);
    Checks.length(m, "scale", scale, z.columns());
    Checks.length(m, "mask", mask, z.columns());
    Checks.same(m, "dOut", dOut, "z", z);
    Checks.length(m, "dLogDet", dLogDet, z.rows());
    Checks.same(m, "dZ", dZ, "z", z);
    Checks.same(m, "dT", dT, "z", z);
    Checks.same(m, "dS", dS, "z", z);
    Checks.length(m, "dScale", dScale, z.columns());
    Aliases.of(m)
        .reads("z", z)
        .reads("t", t)
        .reads("s", s)
        .reads("scale", scale)
        .reads("mask", mask)
        .reads("dOut", dOut)
        .reads("dLogDet", dLogDet)
        .writes("dZ", dZ)
        .writes("dT", dT)
        .writes("dS", dS)
        .writes("dScale", dScale)
        .end();
  }

  /**
   * The gated autoregressive step with m and s of a masked network that reads {@code z}: all of it
   * in one pass. It is the inverse autoregressive flow's sampling direction, and, from data to
   * noise, the masked autoregressive flow's density.
   *
   * <pre>
   * g[r,d]     = sigmoid(s[r,d])
   * out[r,d]   = g·z + (1 − g)·m
   * logDet[r] += Σ_d log g = −Σ_d softplus(−s)     finite for every finite s
   * </pre>
   *
   * @param z read, [R,D]
   * @param m read, [R,D]
   * @param s read, [R,D]
   * @param out written, [R,D]; may be {@code z} itself
   * @param logDet accumulated, R elements, or null
   */
  public final void gated(Tensor z, Tensor m, Tensor s, Tensor out, @Nullable Tensor logDet) {
    checkGated("gated", z, m, s, out, logDet);
    doGated(z, m, s, false, out, logDet);
  }

  /**
   * The inverse of {@link #gated} where m and s are known: {@code out = m + (z − m)/g}, {@code
   * logDet −= Σ_d log g}. As the network that gives them reads {@code out}, a caller finds it
   * dimension after dimension. 1/g = 1 + exp(−s) is +∞ below s = −88.73.
   */
  public final void gatedInverse(
      Tensor z, Tensor m, Tensor s, Tensor out, @Nullable Tensor logDet) {
    checkGated("gatedInverse", z, m, s, out, logDet);
    doGated(z, m, s, true, out, logDet);
  }

  private static void checkGated(
      String name, Tensor z, Tensor m, Tensor s, Tensor out, @Nullable Tensor logDet) {
    Checks.same(name, "m", m, "z", z);
    Checks.same(name, "s", s, "z", z);
    Checks.same(name, "out", out, "z", z);
    Checks.length(name, "logDet", logDet, z.rows());
    Aliases.of(name)
        .reads("z", z)
        .reads("m", m)
        .reads("s", s)
        .writesOver("out", out, z)
        .writes("logDet", logDet)
        .end();
  }

  /**
   * Gradients of {@link #gated}:
   *
   * <pre>
   * dZ += dOut·g
   * dM += dOut·(1 − g)
   * dS += ( dOut·(z − m)·g + dLogDet )·(1 − g)
   * </pre>
   *
   * @param z read, [R,D], the input of the forward pass
   * @param dOut read, [R,D], or null
   * @param dLogDet read, R elements, or null
   * @param dZ accumulated, [R,D], or null
   * @param dM accumulated, [R,D], or null
   * @param dS accumulated, [R,D], or null
   */
  public final void gatedBackward(
      Tensor z,
      Tensor m,
      Tensor s,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dM,
      @Nullable Tensor dS) {
    checkGatedBackward("gatedBackward", z, m, s, dOut, dLogDet, dZ, dM, dS);
    doGatedBackward(z, m, s, false, dOut, dLogDet, dZ, dM, dS);
  }

  /**
   * Gradients of {@link #gatedInverse}: {@code dZ += dOut/g}, {@code dM −= dOut·(1 − g)/g}, {@code
   * dS −= ( dOut·(z − m)/g + dLogDet )·(1 − g)}.
   */
  public final void gatedInverseBackward(
      Tensor z,
      Tensor m,
      Tensor s,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dM,
      @Nullable Tensor dS) {
    checkGatedBackward("gatedInverseBackward", z, m, s, dOut, dLogDet, dZ, dM, dS);
    doGatedBackward(z, m, s, true, dOut, dLogDet, dZ, dM, dS);
  }

  private static void checkGatedBackward(
      String name,
      Tensor z,
      Tensor m,
      Tensor s,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dM,
      @Nullable Tensor dS) {
    Checks.same(name, "m", m, "z", z);
    Checks.same(name, "s", s, "z", z);
    Checks.same(name, "dOut", dOut, "z", z);
    Checks.length(name, "dLogDet", dLogDet, z.rows());
    Checks.same(name, "dZ", dZ, "z", z);
    Checks.same(name, "dM", dM, "z", z);
    Checks.same(name, "dS", dS, "z", z);
    Aliases.of(name)
        .reads("z", z)
        .reads("m", m)
        .reads("s", s)
        .reads("dOut", dOut)
        .reads("dLogDet", dLogDet)
        .writes("dZ", dZ)
        .writes("dM", dM)
        .writes("dS", dS)
        .end();
  }

  protected abstract void doAdditive(Tensor z, Tensor t, Tensor mask, boolean inverse, Tensor out);

  protected abstract void doAdditiveBackward(
      Tensor mask, boolean inverse, Tensor dOut, @Nullable Tensor dZ, @Nullable Tensor dT);

  protected abstract void doAffine(
      Tensor z,
      Tensor t,
      Tensor s,
      Tensor scale,
      Tensor mask,
      boolean inverse,
      Tensor out,
      @Nullable Tensor logDet);

  protected abstract void doAffineBackward(
      Tensor z,
      Tensor t,
      Tensor s,
      Tensor scale,
      Tensor mask,
      boolean inverse,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dT,
      @Nullable Tensor dS,
      @Nullable Tensor dScale);

  protected abstract void doGated(
      Tensor z, Tensor m, Tensor s, boolean inverse, Tensor out, @Nullable Tensor logDet);

  protected abstract void doGatedBackward(
      Tensor z,
      Tensor m,
      Tensor s,
      boolean inverse,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dM,
      @Nullable Tensor dS);
}
