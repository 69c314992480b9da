package io.github.elbo4j.kernel.flow;

import static io.github.elbo4j.kernel.ReferenceMath.sigmoid;

import org.jspecify.annotations.Nullable;

/**
 * Radial steps in double. Arrays are dense and row-major; {@code k} rows of z share a row of
 * parameters, {@code d} dimensions.
 */
final class RadialReference {
  private RadialReference() {}

  /** alpha = softplus(α̂) and p = softplus(β̂) = α + β of a row of parameters. */
  record Shape(double alpha, double p) {
    double beta() {
      return p - alpha;
    }

    /** φ = 1 + βh = (r + p)/(r + α). */
    double phi(double r) {
      return (r + p) / (r + alpha);
    }

    /** ψ = 1 + βh − βh²r = (r + α·φ)/(r + α): the derivative of ‖z' − z0‖ in r. */
    double psi(double r) {
      return (r + alpha * phi(r)) / (r + alpha);
    }

    double logDet(double r, int d) {
      return (d - 1) * Math.log(phi(r)) + Math.log(psi(r));
    }

    /** r from y = r·φ(r). */
    double radius(double y) {
      double half = 0.5 * (y - p);
      double root = Math.sqrt(half * half + alpha * y);
      return half > 0 ? half + root : alpha * y / (root - half);
    }
  }

  private static Shape shape(double[] alphaHat, double[] betaHat, int point) {
    return new Shape(
        FlowReference.softplus(alphaHat[point]), FlowReference.softplus(betaHat[point]));
  }

  /** ‖z[r] − z0[point]‖. */
  private static double distance(double[] z, int r, double[] z0, int point, int d) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
      double e = z[r * d + i] - z0[point * d + i];
      sum += e * e;
    }
    return Math.sqrt(FlowReference.square(sum));
  }

  static double[] forward(
      double[] z,
      double[] z0,
      double[] alphaHat,
      double[] betaHat,
      int k,
      int d,
      double @Nullable [] logDet) {
    double[] out = new double[z.length];
    for (int r = 0; r < alphaHat.length * k; r++) {
      Shape shape = shape(alphaHat, betaHat, r / k);
      double radius = distance(z, r, z0, r / k, d);
      double bh = shape.beta() / (shape.alpha + radius);
      for (int i = 0; i < d; i++) {
        double e = z[r * d + i] - z0[r / k * d + i];
        out[r * d + i] = z[r * d + i] + bh * e;
      }
      if (logDet != null) {
        logDet[r] += shape.logDet(radius, d);
      }
    }
    return out;
  }

  static double[] inverse(
      double[] zOut,
      double[] z0,
      double[] alphaHat,
      double[] betaHat,
      int k,
      int d,
      double @Nullable [] logDet) {
    double[] z = new double[zOut.length];
    for (int r = 0; r < alphaHat.length * k; r++) {
      Shape shape = shape(alphaHat, betaHat, r / k);
      double radius = shape.radius(distance(zOut, r, z0, r / k, d));
      for (int i = 0; i < d; i++) {
        double centre = z0[r / k * d + i];
        z[r * d + i] = centre + (zOut[r * d + i] - centre) / shape.phi(radius);
      }
      if (logDet != null) {
        logDet[r] -= shape.logDet(radius, d);
      }
    }
    return z;
  }

  /** Accumulates into dz, dz0, dAlphaHat, dBetaHat. */
  static void backward(
      double[] z,
      double[] z0,
      double[] alphaHat,
      double[] betaHat,
      int k,
      int d,
      double[] dzOut,
      double[] dLogDet,
      double[] dz,
      double[] dz0,
      double[] dAlphaHat,
      double[] dBetaHat) {
    for (int r = 0; r < alphaHat.length * k; r++) {
      int point = r / k;
      Shape shape = shape(alphaHat, betaHat, point);
      double radius = distance(z, r, z0, point, d);
      double[] e = new double[d];
      for (int i = 0; i < d; i++) {
        e[i] = z[r * d + i] - z0[point * d + i];
      }
      double big = radius + shape.alpha;
      double phi = shape.phi(radius);
      double bh = shape.beta() / big;
      double share = shape.alpha / big;
      double toPhi = FlowReference.dot(e, 0, dzOut, r * d, d) + dLogDet[r] * (d - 1) / phi;
      double toPsi = dLogDet[r] / shape.psi(radius);
      double toRadius = -bh / big * (toPhi + 2 * share * toPsi);
      double along = radius == 0 ? 0 : toRadius / radius;
      for (int i = 0; i < d; i++) {
        double g = bh * dzOut[r * d + i] + along * e[i];
        dz[r * d + i] += dzOut[r * d + i] + g;
        dz0[point * d + i] -= g;
      }
      double toAlpha =
          (((shape.p - 2 * shape.alpha) / big - 2 * share * bh) * toPsi - phi * toPhi) / big;
      dAlphaHat[point] += sigmoid(alphaHat[point]) * toAlpha;
      dBetaHat[point] += sigmoid(betaHat[point]) * (toPhi + share * toPsi) / big;
    }
  }
}
