package io.github.elbo4j.kernel.flow;

import static java.lang.Math.exp;
import static java.lang.Math.tanh;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link CouplingKernels} in double: the law. Arrays are dense and row-major with {@code d}
 * dimensions a row; {@code sign} is 1 for the step and −1 for its inverse.
 */
public final class CouplingReference extends CouplingKernels {
  /** z ± t where the mask is set. */
  static double[] additive(double[] z, double[] t, double[] mask, int sign) {
    double[] out = z.clone();
    for (int i = 0; i < z.length; i++) {
      if (mask[i % mask.length] != 0) {
        out[i] += sign * t[i];
      }
    }
    return out;
  }

  /** z·exp(b) + t, or (z − t)·exp(−b), where the mask is set; b = scale·tanh(s). */
  static double[] affine(
      double[] z, double[] t, double[] s, double[] scale, double[] mask, int sign) {
    double[] out = z.clone();
    for (int i = 0; i < z.length; i++) {
      int d = i % mask.length;
      if (mask[d] != 0) {
        double e = float32(exp(sign * scale[d] * tanh(s[i])));
        out[i] = sign > 0 ? z[i] * e + t[i] : (z[i] - t[i]) * e;
      }
    }
    return out;
  }

  /** ± Σ_d b of each of {@code rows} rows. */
  static double[] affineLogDet(double[] s, double[] scale, double[] mask, int sign, int rows) {
    double[] logDet = new double[rows];
    for (int i = 0; i < s.length; i++) {
      int d = i % mask.length;
      if (mask[d] != 0) {
        logDet[i / mask.length] += sign * scale[d] * tanh(s[i]);
      }
    }
    return logDet;
  }

  /** What a backward pass receives and gives; gradients are [rows, d] but dLogDet and dScale. */
  record Gradients(
      double[] dOut, double[] dLogDet, double[] dZ, double[] dT, double[] dS, double[] dScale) {}

  /** Accumulates into dZ, dT, dS and dScale. */
  static void affineBackward(
      double[] z, double[] t, double[] s, double[] scale, double[] mask, int sign, Gradients g) {
    for (int i = 0; i < z.length; i++) {
      int d = i % mask.length;
      if (mask[d] == 0) {
        g.dZ[i] += g.dOut[i];
        continue;
      }
      double slope = tanh(s[i]);
      double e = float32(exp(sign * scale[d] * slope));
      double moved = sign > 0 ? z[i] : z[i] - t[i];
      double db = sign * (g.dOut[i] * moved * e + g.dLogDet[i / mask.length]);
      g.dZ[i] += g.dOut[i] * e;
      g.dT[i] += sign > 0 ? g.dOut[i] : -g.dOut[i] * e;
      g.dS[i] += db * scale[d] * (1 - slope * slope);
      g.dScale[d] += db * slope;
    }
  }

  /** g·z + (1 − g)·m, or m + (z − m)/g, with g = sigmoid(s). */
  static double[] gated(double[] z, double[] m, double[] s, int sign) {
    double[] out = new double[z.length];
    for (int i = 0; i < z.length; i++) {
      out[i] =
          sign > 0
              ? ReferenceMath.sigmoid(s[i]) * z[i] + ReferenceMath.sigmoid(-s[i]) * m[i]
              : m[i] + (z[i] - m[i]) * oneOverGate(s[i]);
    }
    return out;
  }

  /** ± Σ_d log g of each of {@code rows} rows. */
  static double[] gatedLogDet(double[] s, int sign, int rows) {
    double[] logDet = new double[rows];
    for (int i = 0; i < s.length; i++) {
      logDet[i / (s.length / rows)] -= sign * ReferenceMath.softplus(-s[i]);
    }
    return logDet;
  }

  /** Accumulates into dZ, dT (the gradient of m) and dS. */
  static void gatedBackward(double[] z, double[] m, double[] s, int sign, Gradients g) {
    int d = g.dLogDet.length == 0 ? 1 : z.length / g.dLogDet.length;
    for (int i = 0; i < z.length; i++) {
      double closed = ReferenceMath.sigmoid(-s[i]); // 1 − g
      double slope = sign > 0 ? ReferenceMath.sigmoid(s[i]) : oneOverGate(s[i]);
      g.dZ[i] += g.dOut[i] * slope;
      g.dT[i] += sign * g.dOut[i] * (sign > 0 ? closed : float32(exp(-s[i])));
      g.dS[i] += sign * (g.dOut[i] * (z[i] - m[i]) * slope + g.dLogDet[i / d]) * closed;
    }
  }

  private static double oneOverGate(double s) {
    return 1 + float32(exp(-s));
  }

  /** The contract's +∞ begins where float32 ends. */
  private static double float32(double positive) {
    return positive > Float.MAX_VALUE ? Double.POSITIVE_INFINITY : positive;
  }

  private static int sign(boolean inverse) {
    return inverse ? -1 : 1;
  }

  /** Zeros where no gradient arrived. */
  private static double[] arrived(@Nullable Tensor t, int size) {
    return t == null ? new double[size] : Doubles.read(t);
  }

  private static Gradients gradients(Tensor z, @Nullable Tensor dOut, @Nullable Tensor dLogDet) {
    int n = z.size();
    return new Gradients(
        arrived(dOut, n),
        arrived(dLogDet, z.rows()),
        new double[n],
        new double[n],
        new double[n],
        new double[z.columns()]);
  }

  @Override
  protected void doAdditive(Tensor z, Tensor t, Tensor mask, boolean inverse, Tensor out) {
    double[] moved = additive(Doubles.read(z), Doubles.read(t), Doubles.read(mask), sign(inverse));
    Doubles.write(moved, out);
  }

  @Override
  protected void doAdditiveBackward(
      Tensor mask, boolean inverse, Tensor dOut, @Nullable Tensor dZ, @Nullable Tensor dT) {
    double[] g = Doubles.read(dOut);
    Doubles.accumulate(g, dZ);
    for (int i = 0; i < g.length; i++) {
      g[i] = mask.get(i % mask.size()) == 0 ? 0 : sign(inverse) * g[i];
    }
    Doubles.accumulate(g, dT);
  }

  @Override
  protected void doAffine(
      Tensor z,
      Tensor t,
      Tensor s,
      Tensor scale,
      Tensor mask,
      boolean inverse,
      Tensor out,
      @Nullable Tensor logDet) {
    double[] bound = Doubles.read(scale);
    double[] m = Doubles.read(mask);
    double[] raw = Doubles.read(s);
    double[] moved = affine(Doubles.read(z), Doubles.read(t), raw, bound, m, sign(inverse));
    Doubles.accumulate(affineLogDet(raw, bound, m, sign(inverse), z.rows()), logDet);
    Doubles.write(moved, out);
  }

  @Override
  protected void doAffineBackward(
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
      @Nullable Tensor dScale) {
    Gradients g = gradients(z, dOut, dLogDet);
    affineBackward(
        Doubles.read(z),
        Doubles.read(t),
        Doubles.read(s),
        Doubles.read(scale),
        Doubles.read(mask),
        sign(inverse),
        g);
    Doubles.accumulate(g.dZ, dZ);
    Doubles.accumulate(g.dT, dT);
    Doubles.accumulate(g.dS, dS);
    Doubles.accumulate(g.dScale, dScale);
  }

  @Override
  protected void doGated(
      Tensor z, Tensor m, Tensor s, boolean inverse, Tensor out, @Nullable Tensor logDet) {
    double[] raw = Doubles.read(s);
    double[] moved = gated(Doubles.read(z), Doubles.read(m), raw, sign(inverse));
    Doubles.accumulate(gatedLogDet(raw, sign(inverse), z.rows()), logDet);
    Doubles.write(moved, out);
  }

  @Override
  protected void doGatedBackward(
      Tensor z,
      Tensor m,
      Tensor s,
      boolean inverse,
      @Nullable Tensor dOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dZ,
      @Nullable Tensor dM,
      @Nullable Tensor dS) {
    Gradients g = gradients(z, dOut, dLogDet);
    gatedBackward(Doubles.read(z), Doubles.read(m), Doubles.read(s), sign(inverse), g);
    Doubles.accumulate(g.dZ, dZ);
    Doubles.accumulate(g.dT, dM);
    Doubles.accumulate(g.dS, dS);
  }
}
