package io.github.elbo4j.kernel.discrete;

import static io.github.elbo4j.kernel.ReferenceMath.sigmoid;
import static io.github.elbo4j.kernel.ReferenceMath.softplus;
import static java.lang.Math.log;

import io.github.elbo4j.kernel.discrete.ConcreteLaw.Gradients;
import io.github.elbo4j.kernel.discrete.ConcreteLaw.Sizes;
import io.github.elbo4j.kernel.discrete.ConcreteLaw.Upstream;

/** The mathematics of the binary Concrete: pure functions in double on dense arrays. */
final class BinaryConcreteLaw {
  private BinaryConcreteLaw() {}

  /** ( logAlpha + log u − log(1 − u) )/τ. */
  static double[] sample(double[] logAlpha, double tau, double[] u, Sizes s) {
    double[] logit = new double[u.length];
    for (int i = 0; i < u.length; i++) {
      logit[i] = (logAlpha[s.point(i)] + log(u[i]) - log(1 - u[i])) / tau;
    }
    return logit;
  }

  /** 1 where the logit is positive, 0 elsewhere, NaN for NaN. */
  static double hard(double logit) {
    return Double.isNaN(logit) ? logit : logit > 0 ? 1 : 0;
  }

  /** The log density of each row; of y where {@code ofY}. */
  static double[] logDensity(
      double[] logAlpha, double tau, double[] logit, boolean ofY, Sizes s, int rows) {
    double[] sums = new double[rows];
    for (int i = 0; i < logit.length; i++) {
      double d = logAlpha[s.point(i)] - tau * logit[i];
      double term = log(tau) - Math.abs(d) - 2 * softplus(-Math.abs(d)); // d − 2·softplus(d)
      sums[i / s.columns()] += ofY ? term + softplus(logit[i]) + softplus(-logit[i]) : term;
    }
    return sums;
  }

  /** Accumulates the gradients of {@link #logDensity}. */
  static void logDensityBackward(
      double[] logAlpha,
      double tau,
      double[] logit,
      boolean ofY,
      double[] dLogDensity,
      Sizes s,
      Gradients out) {
    for (int i = 0; i < logit.length; i++) {
      double g = dLogDensity[i / s.columns()];
      double h = g * (1 - 2 * sigmoid(logAlpha[s.point(i)] - tau * logit[i]));
      out.logAlpha()[s.point(i)] += h;
      out.sample()[i] += (ofY ? g * (2 * sigmoid(logit[i]) - 1) : 0) - tau * h;
      out.tau()[0] += g / tau - h * logit[i];
    }
  }

  /** Accumulates the gradients of a sample and of its density, by the chain rule. */
  static void sampleBackward(
      double[] logAlpha,
      double tau,
      double[] logit,
      Upstream up,
      boolean stickTheLanding,
      Sizes s,
      Gradients out) {
    Gradients density = Gradients.zeros(logAlpha, logit);
    if (up.logQ() != null) {
      logDensityBackward(logAlpha, tau, logit, false, up.logQ(), s, density);
    }
    for (int i = 0; i < logit.length; i++) {
      double y = sigmoid(logit[i]);
      double g = density.sample()[i];
      g += up.logY() == null ? 0 : up.logY()[i];
      g += up.y() == null ? 0 : up.y()[i] * y * (1 - y);
      out.logAlpha()[s.point(i)] += g / tau;
      out.tau()[0] -= g * logit[i] / tau;
    }
    if (!stickTheLanding) {
      for (int i = 0; i < logAlpha.length; i++) {
        out.logAlpha()[i] += density.logAlpha()[i];
      }
      out.tau()[0] += density.tau()[0];
    }
  }
}
