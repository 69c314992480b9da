package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.importance.BoundStream;
import io.github.elbo4j.kernel.importance.ImportanceKernels;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The importance-weighted estimate of log p(x) (Burda et al. 2016): {@code log (1/K) Σ_k p(x|z_k)
 * p(z_k) / q(z_k|x)}, a lower bound in expectation that rises to log p(x) with K. The samples are
 * streamed in chunks: memory does not depend on K.
 */
public final class ImportanceEstimator {
  /** Rows of sample space at a time: a few MB for pictures of 784 pixels. */
  private static final int ROWS = 2000;

  /** Weights of a data point that k̂ is taken of. */
  private static final int MOST_KEPT = 5_000;

  private final Vae vae;
  private final Tape encoderTape;
  private final Tape sampleTape;
  private final Var encoded = new Var();
  private float[] kept = {}; // log-weights that k̂ is taken of

  public ImportanceEstimator(Vae vae, Backend backend) {
    this.vae = vae;
    this.encoderTape = new Tape(backend);
    this.sampleTape = new Tape(backend);
  }

  /**
   * How far the estimates of a set of data points can be trusted.
   *
   * @param logLikelihood estimates of log p(x), nats
   * @param ess effective sample size, from 1 to K
   * @param kHat shape of the Pareto distribution that fits the largest weights (Vehtari et al.
   *     2024): below 0.7 the estimate is reliable; +∞ where it cannot be fitted
   */
  public record Diagnosis(double[] logLikelihood, double[] ess, double[] kHat) {
    /** Of {@code points} data points, to be filled. */
    public Diagnosis(int points) {
      this(new double[points], new double[points], new double[points]);
    }
  }

  /**
   * Estimates log p(x) of each data point with its diagnostics. k̂ is that of the first 5,000
   * weights of a data point, so that memory does not grow with K beyond that.
   *
   * @param out written from element {@code from}
   */
  public void diagnose(Observed x, int samples, NoiseKey noise, Diagnosis out, int from) {
    int points = x.points();
    int some = Math.min(samples, MOST_KEPT);
    if (kept.length < points * some) {
      kept = new float[points * some];
    }
    Tensor all = Tensor.of(kept, 0, points, some);
    Tensor ess = Tensor.zeros(points);
    estimate(x, samples, noise, out.logLikelihood(), from, all, ess);
    Tensor kHat = Tensor.zeros(points);
    sampleTape.backend().importance().tailIndex(all, kHat, null);
    for (int b = 0; b < points; b++) {
      out.ess()[from + b] = ess.get(b);
      out.kHat()[from + b] = kHat.get(b);
    }
  }

  /**
   * Estimates log p(x) of each data point, in nats.
   *
   * @param x B data points
   * @param samples K &gt;= 1
   * @param noise names the noise; its step is advanced once a chunk, so that no two chunks share
   *     noise
   * @param out written: {@code out[from + b]}; NaN where the model gives NaN
   * @throws ArithmeticException when a weight is infinite, naming the first such data point; {@code
   *     out} is written nevertheless, with +∞ there
   */
  public void logLikelihood(Observed x, int samples, NoiseKey noise, double[] out, int from) {
    estimate(x, samples, noise, out, from, null, null);
  }

  /**
   * Streams the samples.
   *
   * @param all receives the first log-weights of each data point, [B, as many as wanted], or null
   * @param ess written, B elements, or null
   */
  private void estimate(
      Observed x,
      int samples,
      NoiseKey noise,
      double[] out,
      int from,
      @Nullable Tensor all,
      @Nullable Tensor ess) {
    if (samples < 1) {
      throw new IllegalArgumentException("logLikelihood: samples " + samples + " must be >= 1");
    }
    int points = x.points();
    if (points == 0) {
      return;
    }
    encoderTape.resetForInference();
    Tensor h = vae.encode(encoderTape, x).value();
    ImportanceKernels kernels = sampleTape.backend().importance();
    BoundStream stream = new BoundStream(points, 0);
    int chunk = Math.max(1, ROWS / points);
    for (int done = 0; done < samples; done += chunk) {
      int k = Math.min(chunk, samples - done);
      Tensor logW = chunk(h, x, k, noise);
      kernels.push(stream, logW);
      if (all != null && done < all.columns()) {
        int wanted = all.columns();
        int some = Math.min(wanted - done, k);
        for (int b = 0; b < points; b++) {
          System.arraycopy(
              logW.array(), logW.offset() + b * k, all.array(), b * wanted + done, some);
        }
      }
      noise.at(noise.step() + 1);
    }
    Tensor bound = Tensor.zeros(points);
    kernels.finish(stream, bound, ess);
    for (int b = 0; b < points; b++) {
      out[from + b] = bound.get(b);
    }
    for (int b = 0; b < points; b++) {
      if (out[from + b] == Double.POSITIVE_INFINITY) {
        throw new ArithmeticException(
            "logLikelihood: data point %d of %d has an infinite importance weight"
                .formatted(b, points));
      }
    }
  }

  /** Floats that both tapes hold, whatever the number of samples. */
  long capacity() {
    return encoderTape.arena().capacity() + sampleTape.arena().capacity();
  }

  /** log p(x|z) + log p(z) − log q(z|x) of k samples a data point, in the buffer of log p(x|z). */
  private Tensor chunk(Tensor h, Observed x, int k, NoiseKey noise) {
    sampleTape.resetForInference();
    Latent latent = vae.sample(sampleTape, encoded.setConstant(h), noise, k, Want.LOG_DENSITIES);
    Tensor logW = vae.logLik(sampleTape, latent.z(), x).value().onHost();
    Tensor logP = latent.logP().value().onHost();
    Tensor logQ = latent.logQ().value().onHost();
    for (int i = 0; i < logW.size(); i++) {
      logW.array()[logW.offset() + i] += logP.get(i) - logQ.get(i);
    }
    return logW;
  }
}
