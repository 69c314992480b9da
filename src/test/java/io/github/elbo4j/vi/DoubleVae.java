package io.github.elbo4j.vi;

import io.github.elbo4j.kernel.dense.Activation;
import java.util.Arrays;

/**
 * The loss of a small VAE in double, written out from KERNELS.md for one hidden tanh layer on each
 * side. Parameters are in the order of their declaration.
 */
final class DoubleVae {
  private static final double LOG_2PI = Math.log(2 * Math.PI);

  private final Vae.Spec spec;
  private final double[] x;
  private final double[] eps;
  private double[][] parameters = {};
  private int next;
  private int free;
  private double[] mu = {};
  private double[] logVar = {};
  private double[] z = {};
  private double[] logLik = {};

  /** x [B,N], eps [B,D]. */
  DoubleVae(Vae.Spec spec, double[] x, double[] eps) {
    if (spec.hidden().size() != 1 || spec.activation() != Activation.TANH) {
      throw new IllegalArgumentException("DoubleVae: one hidden tanh layer");
    }
    this.spec = spec;
    this.x = x;
    this.eps = eps;
  }

  double loss(double[][] p, double klWeight, double freeBits) {
    parameters = p;
    next = 0;
    double[] hidden = tanh(layer(x));
    mu = layer(hidden);
    logVar = clamp(layer(hidden));
    z = new double[mu.length];
    for (int i = 0; i < z.length; i++) {
      z[i] = mu[i] + Math.sqrt(Math.exp(logVar[i])) * eps[i];
    }
    double[] h = tanh(layer(z));
    double[] output = layer(h);
    logLik = new double[rows()];
    switch (spec.likelihood()) {
      case LikelihoodSpec.BernoulliSpec() -> bernoulli(output);
      case LikelihoodSpec.GaussianSpec gaussian -> gaussian(gaussian, output, h);
      case LikelihoodSpec.ContinuousBernoulliSpec() -> continuousBernoulli(output);
      case LikelihoodSpec.LaplaceSpec laplace ->
          laplace(scale(laplace.form(), laplace.logScale(), h), output);
      case LikelihoodSpec.CategoricalSpec categorical -> categorical(categorical.levels(), output);
      case LikelihoodSpec.LogisticSpec logistic ->
          logistic(scale(logistic.form(), logistic.logScale(), h), output);
    }
    return -Arrays.stream(logLik).sum() / rows() + klWeight * kl(mu, logVar, freeBits);
  }

  /** Mean of the posterior in the last {@link #loss}, [B,D]. */
  double[] mu() {
    return mu;
  }

  /** Log-variance of the posterior in the last {@link #loss}, [B,D]. */
  double[] logVar() {
    return logVar;
  }

  /** The latents of the last {@link #loss}, [B,D]. */
  double[] z() {
    return z;
  }

  /** log p(x|z) + log p(z) − log q(z|x) of each row in the last {@link #loss}. */
  double[] logWeights() {
    double[] logW = logLik.clone();
    int d = spec.latent();
    for (int i = 0; i < z.length; i++) { // log 2π cancels
      logW[i / d] += (eps[i] * eps[i] + logVar[i] - z[i] * z[i]) / 2;
    }
    return logW;
  }

  /** How many elements of the posterior's log-variance lie below, inside and above the bounds. */
  int[] outside(double[][] p) {
    parameters = p;
    next = 0;
    double[] hidden = tanh(layer(x));
    layer(hidden);
    int[] count = new int[3];
    for (double v : layer(hidden)) {
      count[v < spec.bounds().low() ? 0 : v > spec.bounds().high() ? 2 : 1]++;
    }
    return count;
  }

  /** Latent dimensions below the free bits in the last {@link #loss}. */
  int free() {
    return free;
  }

  /** x·W + b with the next two parameters. */
  private double[] layer(double[] input) {
    double[] w = parameters[next++];
    double[] b = parameters[next++];
    int in = w.length / b.length;
    double[] y = new double[input.length / in * b.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = b[i % b.length];
      for (int j = 0; j < in; j++) {
        y[i] += input[i / b.length * in + j] * w[j * b.length + i % b.length];
      }
    }
    return y;
  }

  private static double[] tanh(double[] v) {
    return Arrays.stream(v).map(Math::tanh).toArray();
  }

  private double[] clamp(double[] v) {
    LogVarBounds bounds = spec.bounds();
    return Arrays.stream(v).map(e -> Math.max(bounds.low(), Math.min(bounds.high(), e))).toArray();
  }

  private int rows() {
    return x.length / spec.data();
  }

  private void bernoulli(double[] logits) {
    for (int i = 0; i < logits.length; i++) {
      double p = 1 / (1 + Math.exp(-logits[i]));
      logLik[i / spec.data()] += x[i] * Math.log(p) + (1 - x[i]) * Math.log(1 - p);
    }
  }

  private double[] scale(GaussianLikelihood.Variance form, float fixed, double[] h) {
    return switch (form) {
      case FIXED -> new double[] {fixed};
      case SCALAR, DIMENSION -> clamp(parameters[next++]);
      case ELEMENT -> clamp(layer(h));
    };
  }

  private void gaussian(LikelihoodSpec.GaussianSpec form, double[] mean, double[] h) {
    double[] logVar = scale(form.variance(), form.logVar(), h);
    for (int i = 0; i < mean.length; i++) {
      double variance = Math.exp(logVar[i % logVar.length]);
      double distance = x[i] - mean[i];
      logLik[i / spec.data()] -=
          0.5 * (LOG_2PI + Math.log(variance) + distance * distance / variance);
    }
  }

  /** x·l − log ∫ exp(x·l) over [0,1]. */
  private void continuousBernoulli(double[] logits) {
    for (int i = 0; i < logits.length; i++) {
      logLik[i / spec.data()] += x[i] * logits[i] - Math.log(Math.expm1(logits[i]) / logits[i]);
    }
  }

  private void laplace(double[] logScale, double[] mean) {
    for (int i = 0; i < mean.length; i++) {
      double b = Math.exp(logScale[i % logScale.length]);
      logLik[i / spec.data()] -= Math.abs(x[i] - mean[i]) / b + Math.log(2 * b);
    }
  }

  /** Level of a grey value as elbo4j counts it: C equal parts of the 256 values. */
  private int level(int i, int levels) {
    return ((int) Math.round(x[i] * 255) * levels) / 256;
  }

  private void categorical(int levels, double[] logits) {
    for (int i = 0; i < x.length; i++) {
      double total = 0;
      for (int c = 0; c < levels; c++) {
        total += Math.exp(logits[i * levels + c]);
      }
      logLik[i / spec.data()] += logits[i * levels + level(i, levels)] - Math.log(total);
    }
  }

  private static double sigmoid(double v) {
    return 1 / (1 + Math.exp(-v));
  }

  private void logistic(double[] logScale, double[] mean) {
    for (int i = 0; i < x.length; i++) {
      double s = Math.exp(logScale[i % logScale.length]);
      int v = level(i, 256);
      double top = v == 255 ? Double.POSITIVE_INFINITY : ((v + 0.5) / 255 - mean[i]) / s;
      double bottom = v == 0 ? Double.NEGATIVE_INFINITY : ((v - 0.5) / 255 - mean[i]) / s;
      double side = top + bottom > 0 ? -1 : 1; // the smaller tails, whose difference is exact
      logLik[i / spec.data()] += Math.log(side * (sigmoid(side * top) - sigmoid(side * bottom)));
    }
  }

  /** Mean over the batch of the KL to N(0, I), with λ nats a dimension free. */
  private double kl(double[] mu, double[] logVar, double freeBits) {
    int d = spec.latent();
    double[] means = new double[d];
    for (int i = 0; i < mu.length; i++) {
      double variance = Math.exp(logVar[i]);
      double kl = 0.5 * (mu[i] * mu[i] + variance - 1 - Math.log(variance));
      means[i % d] += kl / rows();
    }
    free = (int) Arrays.stream(means).filter(m -> m < freeBits).count();
    return Arrays.stream(means).map(m -> Math.max(m, freeBits)).sum();
  }
}
