package io.github.elbo4j.vi;

import java.util.Arrays;

/**
 * The tiny model of {@link DiscreteEstimatorTest} in double, with every latent enumerated: its ELBO
 * and its bound of several samples are sums over all of them. A Gaussian latent is enumerated on a
 * fine grid of its noise, which for integrands that fall like exp(−ε²/2) is as good as exact.
 */
final class Enumeration {
  private static final double GRID = 0.25;
  private static final int REACH = 28;

  /** Names the latents, as the command line does. */
  private final String posterior;

  private final int variables;
  private final int categories;
  private final double[] x;

  Enumeration(String posterior, int variables, int categories, double[] x) {
    this.posterior = posterior;
    this.variables = variables;
    this.categories = categories;
    this.x = x;
  }

  /** Probability, log p(x|z) and log q − log p of every latent. */
  record States(double[] probability, double[] logLik, double[] logRatio) {}

  /** KL and mean log-likelihood. */
  double elbo(double[][] p, double beta) {
    States s = states(p);
    double sum = 0;
    for (int i = 0; i < s.probability.length; i++) {
      sum += s.probability[i] * (s.logLik[i] - beta * s.logRatio[i]);
    }
    return sum;
  }

  /** E[ log 1/K Σ w ] over all K-tuples. */
  double bound(double[][] p, int samples) {
    return bound(states(p), samples, 0) - Math.log(samples);
  }

  /** The mean of log( weights + those of {@code left} more samples ). */
  private static double bound(States s, int left, double weights) {
    double sum = 0;
    for (int i = 0; i < s.probability.length; i++) {
      double total = weights + Math.exp(s.logLik[i] - s.logRatio[i]);
      sum += s.probability[i] * (left == 1 ? Math.log(total) : bound(s, left - 1, total));
    }
    return sum;
  }

  private States states(double[][] p) {
    double[] h = tanh(dense(x, p[0], p[1]));
    int heads = posterior.equals("diagonal") ? 4 : 2; // weights and biases of the posterior
    double[] first = dense(h, p[2], p[3]);
    if (heads == 4) {
      return gaussian(first, dense(h, p[4], p[5]), p, 6);
    }
    int count = (int) Math.round(Math.pow(categories, variables));
    States s = new States(new double[count], new double[count], new double[count]);
    for (int i = 0; i < count; i++) {
      double logQ = 0;
      double[] z = new double[posterior.equals("binary") ? variables : variables * categories];
      for (int n = 0, rest = i; n < variables; n++, rest /= categories) {
        int chosen = rest % categories;
        if (posterior.equals("binary")) {
          z[n] = chosen;
          double odds = Math.exp(first[n]);
          logQ += Math.log(chosen == 1 ? odds / (1 + odds) : 1 / (1 + odds));
        } else {
          z[n * categories + chosen] = 1;
          double all = 0;
          for (int c = 0; c < categories; c++) {
            all += Math.exp(first[n * categories + c]);
          }
          logQ += first[n * categories + chosen] - Math.log(all);
        }
      }
      s.probability[i] = Math.exp(logQ);
      s.logLik[i] = logLik(z, p, 4);
      s.logRatio[i] = logQ + variables * Math.log(categories);
    }
    return s;
  }

  private States gaussian(double[] mu, double[] logVar, double[][] p, int decoder) {
    int count = 2 * REACH + 1;
    States s = new States(new double[count], new double[count], new double[count]);
    for (int i = 0; i < count; i++) {
      double eps = (i - REACH) * GRID;
      double z = mu[0] + Math.exp(logVar[0] / 2) * eps;
      s.probability[i] = GRID * Math.exp(-eps * eps / 2) / Math.sqrt(2 * Math.PI);
      s.logLik[i] = logLik(new double[] {z}, p, decoder);
      s.logRatio[i] = -(eps * eps + logVar[0]) / 2 + z * z / 2;
    }
    return s;
  }

  private double logLik(double[] z, double[][] p, int at) {
    double[] g = tanh(dense(z, p[at], p[at + 1]));
    double[] l = dense(g, p[at + 2], p[at + 3]);
    double sum = 0;
    for (int n = 0; n < x.length; n++) {
      sum += x[n] * l[n] - Math.log(1 + Math.exp(l[n]));
    }
    return sum;
  }

  private static double[] tanh(double[] v) {
    return Arrays.stream(v).map(Math::tanh).toArray();
  }

  private static double[] dense(double[] in, double[] weight, double[] bias) {
    double[] out = bias.clone();
    for (int i = 0; i < in.length; i++) {
      for (int o = 0; o < out.length; o++) {
        out[o] += in[i] * weight[i * out.length + o];
      }
    }
    return out;
  }
}
