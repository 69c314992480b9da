package io.github.elbo4j.vi.inference;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.Observed;
import io.github.elbo4j.vi.Vae;

/**
 * Annealed importance sampling of log p(x) (Neal 2001; for decoders Wu et al. 2017): chains go from
 * the prior to the posterior through the densities {@code f_t(z) = p(z)·p(x|z)^β_t}, moved by one
 * Hamiltonian trajectory at each temperature. It does not use the encoder at all, so it is a second
 * opinion on the importance-weighted estimate.
 *
 * <pre>
 * log w = Σ_t (β_t − β_{t−1})·log p(x|z_{t−1})        log p(x) ≈ log mean_c w_c
 * </pre>
 *
 * β rises along a sigmoid. A first run of the chains, on other noise, finds the step size at each
 * temperature at which 0.65 of the moves are accepted; the run that counts takes them as they are,
 * since a step size that follows a chain would bias its weights. In expectation exp(log w) is p(x),
 * so the estimate is a lower bound in expectation.
 */
public final class AnnealedImportance {
  private static final int LEAPFROGS = 10;
  private static final double FIRST_STEP = 0.1;
  private static final double ACCEPTANCE = 0.65;
  private static final double ADAPTATION = 1.05;

  private final Vae vae;
  private final Parameters parameters;
  private final Backend backend;
  private final int chains;
  private final int temperatures;

  /**
   * An estimator.
   *
   * @param parameters the model's own, whose gradients are cleared
   * @param chains C, a data point
   * @param temperatures T, intermediate densities
   * @throws IllegalArgumentException when the latents are discrete, or a size is below 1
   */
  public AnnealedImportance(
      Vae vae, Parameters parameters, Backend backend, int chains, int temperatures) {
    if (chains < 1 || temperatures < 1) {
      throw new IllegalArgumentException(
          "AnnealedImportance: chains %d and temperatures %d must both be >= 1"
              .formatted(chains, temperatures));
    }
    requireContinuous(vae, "annealed importance sampling");
    this.vae = vae;
    this.parameters = parameters;
    this.backend = backend;
    this.chains = chains;
    this.temperatures = temperatures;
  }

  static void requireContinuous(Vae vae, String what) {
    if (!vae.posterior().continuous()) {
      throw new IllegalArgumentException(
          what + " moves along the gradient in z, which discrete latents do not have");
    }
  }

  /**
   * Estimates log p(x) of each data point, in nats.
   *
   * @param noise names the noise; its branches are used
   * @return B numbers
   */
  public double[] logLikelihood(Observed x, NoiseKey noise) {
    int points = x.points();
    int rows = points * chains;
    LogJoint joint = new LogJoint(vae, parameters, backend, rows);
    double[] stepSizes = new double[temperatures];
    run(x, joint, noise.branch(0), stepSizes, true);
    double[] logW = run(x, joint, noise.branch(1), stepSizes, false);
    double[] estimates = new double[points];
    for (int b = 0; b < points; b++) {
      estimates[b] = logMeanExp(logW, b * chains, chains);
    }
    return estimates;
  }

  /**
   * Chains from the prior to the posterior.
   *
   * @param stepSizes of the trajectory at each temperature; found, or used as they are
   * @return log w of each chain
   */
  private double[] run(
      Observed x, LogJoint joint, NoiseKey noise, double[] stepSizes, boolean adapts) {
    int rows = x.points() * chains;
    Hamiltonian moves = new Hamiltonian(joint, backend, rows, noise);
    Tensor start = Tensor.zeros(rows, vae.latent());
    vae.prior().sample(backend, noise, start);
    double[] z = new double[start.size()];
    for (int i = 0; i < z.length; i++) {
      z[i] = start.get(i);
    }
    double[] logW = new double[rows];
    double size = FIRST_STEP;
    for (int t = 1; t <= temperatures; t++) {
      double beta = beta(t);
      joint.evaluate(x, z, beta);
      for (int r = 0; r < rows; r++) {
        logW[r] += (beta - beta(t - 1)) * joint.logLik(r);
      }
      if (t < temperatures) {
        size = adapts ? size : stepSizes[t];
        double accepted = moves.move(x, z, beta, size);
        stepSizes[t] = size;
        size *= accepted > ACCEPTANCE ? ADAPTATION : 1 / ADAPTATION;
      }
    }
    return logW;
  }

  /** A sigmoid from −4 to 4, moved to go from 0 to 1. */
  private double beta(int t) {
    double low = sigmoid(-4);
    return (sigmoid(4 * (2.0 * t / temperatures - 1)) - low) / (sigmoid(4) - low);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double logMeanExp(double[] values, int from, int count) {
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      most = Math.max(most, values[from + i]);
    }
    if (most == Double.NEGATIVE_INFINITY || Double.isNaN(most)) {
      return most;
    }
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += Math.exp(values[from + i] - most);
    }
    return most + Math.log(sum / count);
  }

  /** One Hamiltonian trajectory a call, accepted by Metropolis, of all chains at once. */
  private static final class Hamiltonian {
    private final LogJoint joint;
    private final Backend backend;
    private final NoiseKey momenta;
    private final NoiseKey decisions;
    private final int rows;
    private final int d;
    private final Tensor normals;
    private final Tensor uniforms;
    private int moves;

    Hamiltonian(LogJoint joint, Backend backend, int rows, NoiseKey noise) {
      this.joint = joint;
      this.backend = backend;
      // Streams of their own for each step of the caller's: moves are their steps.
      this.momenta = stream(noise.branch(0), noise.step());
      this.decisions = stream(noise.branch(1), noise.step());
      this.rows = rows;
      d = joint.dimensions();
      normals = Tensor.zeros(rows, d);
      uniforms = Tensor.zeros(rows);
    }

    private static NoiseKey stream(NoiseKey noise, int step) {
      return new NoiseKey(noise.seed(), noise.stream() + step);
    }

    /**
     * Moves {@code z}, at which the joint density was evaluated last; returns what was accepted.
     */
    double move(Observed x, double[] z, double beta, double stepSize) {
      backend.random().normal(momenta.at(moves), 0, normals);
      backend.random().uniform(decisions.at(moves++), 0, uniforms);
      double[] p = new double[z.length];
      double[] energy = new double[rows];
      for (int i = 0; i < p.length; i++) {
        p[i] = normals.get(i);
      }
      energies(p, beta, energy);
      double[] old = z.clone();
      for (int l = 0; l < LEAPFROGS; l++) {
        for (int i = 0; i < z.length; i++) {
          p[i] += 0.5 * stepSize * joint.gradient(i);
          z[i] += stepSize * p[i];
        }
        joint.evaluate(x, z, beta);
        for (int i = 0; i < z.length; i++) {
          p[i] += 0.5 * stepSize * joint.gradient(i);
        }
      }
      double[] proposed = new double[rows];
      energies(p, beta, proposed);
      int accepted = 0;
      for (int r = 0; r < rows; r++) {
        if (Math.log(uniforms.get(r)) < energy[r] - proposed[r]) { // false for NaN
          accepted++;
        } else {
          System.arraycopy(old, r * d, z, r * d, d);
        }
      }
      return accepted / (double) rows;
    }

    /** −log of density and momentum of each chain. */
    private void energies(double[] p, double beta, double[] energy) {
      for (int r = 0; r < rows; r++) {
        double kinetic = 0;
        for (int i = r * d; i < (r + 1) * d; i++) {
          kinetic += p[i] * p[i] / 2;
        }
        energy[r] = kinetic - beta * joint.logLik(r) - joint.logPrior(r);
      }
    }
  }
}
