package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.nn.Mlp;
import io.github.elbo4j.nn.Network;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A variational autoencoder (Kingma and Welling 2014): an encoder, a posterior, a prior, a decoder
 * and a likelihood.
 */
public final class Vae {
  /**
   * The architecture of the classic one: dense layers, a diagonal Gaussian posterior, a standard
   * normal prior and a decoder that mirrors the encoder.
   *
   * @param data data dimensions N
   * @param hidden widths of the encoder from data to latent; the decoder has them in reverse
   * @param latent latent dimensions D
   * @param activation of the hidden layers
   * @param likelihood form of p(x|z)
   * @param bounds clamp of every learned log-variance
   */
  public record Spec(
      int data,
      List<Integer> hidden,
      int latent,
      Activation activation,
      LikelihoodSpec likelihood,
      LogVarBounds bounds) {
    public Spec {
      hidden = List.copyOf(hidden);
      if (data < 1 || latent < 1 || hidden.stream().anyMatch(w -> w < 1)) {
        throw new IllegalArgumentException(
            "Vae: data %d, latent %d and hidden %s must all be >= 1"
                .formatted(data, latent, hidden));
      }
    }

    /**
     * New parameters with their initial values.
     *
     * @param dataMeans mean of each data dimension for the output bias, or null
     */
    public Parameters parameters(long seed, double @Nullable [] dataMeans) {
      return declare(dataMeans).build(seed);
    }

    /** The same in the memory of a backend. */
    public Parameters parameters(long seed, double @Nullable [] dataMeans, MemoryKernels memory) {
      return declare(dataMeans).build(seed, memory);
    }

    private Parameters.Builder declare(double @Nullable [] dataMeans) {
      Parameters.Builder builder = Parameters.builder();
      int encoded = Mlp.declare(builder, "encoder", data, hidden);
      DiagonalGaussianPosterior.declare(builder, encoded, latent);
      int decoded = Mlp.declare(builder, "decoder", latent, hidden.reversed());
      likelihood.declare(builder, decoded, data, dataMeans);
      return builder;
    }
  }

  private final int data;
  private final int latent;
  private final Network encoder;
  private final Posterior posterior;
  private final Prior prior;
  private final Network decoder;
  private final Likelihood likelihood;

  /**
   * A model of any parts that fit each other.
   *
   * @param data data dimensions N
   * @param latent latent dimensions D
   * @param encoder x [B,N] to what the posterior reads
   * @param decoder z [R,D] to what the likelihood reads
   */
  public Vae(
      int data,
      int latent,
      Network encoder,
      Posterior posterior,
      Prior prior,
      Network decoder,
      Likelihood likelihood) {
    if (data < 1 || latent < 1) {
      throw new IllegalArgumentException(
          "Vae: data %d and latent %d must both be >= 1".formatted(data, latent));
    }
    this.data = data;
    this.latent = latent;
    this.encoder = encoder;
    this.posterior = posterior;
    this.prior = prior;
    this.decoder = decoder;
    this.likelihood = likelihood;
  }

  /** The model over parameters that {@link Spec#parameters} made. */
  public Vae(Spec spec, Parameters parameters) {
    this(
        spec.data(),
        spec.latent(),
        new Mlp(parameters, "encoder", spec.hidden().size(), spec.activation()),
        new DiagonalGaussianPosterior(parameters, spec.bounds()),
        Prior.standardNormal(),
        new Mlp(parameters, "decoder", spec.hidden().size(), spec.activation()),
        spec.likelihood().build(parameters, spec.bounds()));
  }

  /** Data dimensions N. */
  public int data() {
    return data;
  }

  /** Latent dimensions D. */
  public int latent() {
    return latent;
  }

  public Posterior posterior() {
    return posterior;
  }

  public Prior prior() {
    return prior;
  }

  /** x [B,N] to the encoder's last hidden layer [B,H]. */
  public Var encode(Tape tape, Var x) {
    return encoder.forward(tape, x);
  }

  /**
   * Samples of the posterior beside this model's prior.
   *
   * @param h what {@link #encode} gave
   */
  public Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Want want) {
    return posterior.sample(tape, h, noise, samples, prior, want);
  }

  /** Posterior mean of each data point, [B,D]. */
  public Var posteriorMean(Tape tape, Var x) {
    return posterior.mean(tape, encode(tape, x));
  }

  /** E[x|z] of latents z [R,D], [R,N]. */
  public Var decodeMean(Tape tape, Var z) {
    return likelihood.mean(tape, decoder.forward(tape, z));
  }

  /** log p(x|z) of each row, [R]. */
  public Var logLik(Tape tape, Var z, Tensor x) {
    return likelihood.logLik(tape, decoder.forward(tape, z), x);
  }

  /**
   * One forward pass of an objective.
   *
   * @param x data, [B,N]
   * @param noise names the posterior's noise
   * @param step training steps done so far
   * @param terms receives the parts, valid until the tape is reset
   * @return the loss, one element
   */
  public Var loss(Tape tape, Var x, NoiseKey noise, Objective objective, long step, Terms terms) {
    Var h = encode(tape, x);
    Latent drawn = sample(tape, h, noise, objective.samples(), objective.wants());
    Var logLik = logLik(tape, drawn.z(), x.value());
    Var loss = objective.loss(tape, logLik, drawn, step);
    terms.set(logLik, drawn, loss);
    return loss;
  }

  /** The parts of one forward pass. */
  public static final class Terms {
    private @Nullable Var logLik;
    private @Nullable Latent latent;
    private @Nullable Var loss;

    void set(Var newLogLik, Latent newLatent, Var newLoss) {
      logLik = newLogLik;
      latent = newLatent;
      loss = newLoss;
    }

    /** log p(x|z), [B·K]. */
    public Var logLik() {
      return there(logLik);
    }

    /** z and what the objective asked for beside it. */
    public Latent latent() {
      return there(latent);
    }

    /** The loss, one element. */
    public Var loss() {
      return there(loss);
    }

    private static <T> T there(@Nullable T part) {
      if (part == null) {
        throw new IllegalStateException("Terms: no forward pass was done");
      }
      return part;
    }
  }
}
