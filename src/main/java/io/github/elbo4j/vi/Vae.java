package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.ComposeOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.nn.Mlp;
import io.github.elbo4j.nn.Network;
import io.github.elbo4j.nn.Parameters;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A variational autoencoder (Kingma and Welling 2014): an encoder, a posterior, a prior, a decoder
 * and a likelihood.
 */
public final class Vae {
  /**
   * An architecture: dense layers, a decoder that mirrors the encoder, and parts by name.
   *
   * @param data data dimensions N
   * @param hidden widths of the encoder from data to latent; the decoder has them in reverse
   * @param activation of the hidden layers
   * @param posterior form of q(z|x)
   * @param prior form of p(z)
   * @param likelihood form of p(x|z)
   * @param bounds clamp of every log-variance that a network gives
   * @param condition width of what encoder and decoder are told beside x and z, such as the number
   *     of classes; 0 for nothing
   */
  public record Spec(
      int data,
      List<Integer> hidden,
      Activation activation,
      PosteriorSpec posterior,
      PriorSpec prior,
      LikelihoodSpec likelihood,
      LogVarBounds bounds,
      int condition) {
    public Spec {
      hidden = List.copyOf(hidden);
      if (data < 1 || posterior.latent() < 1 || hidden.stream().anyMatch(w -> w < 1)) {
        throw new IllegalArgumentException(
            "Vae: data %d, latent %d and hidden %s must all be >= 1"
                .formatted(data, posterior.latent(), hidden));
      }
      if (condition < 0) {
        throw new IllegalArgumentException("Vae: condition " + condition + " must be >= 0");
      }
    }

    /** The classic one: a diagonal Gaussian posterior and a standard normal prior. */
    public Spec(
        int data,
        List<Integer> hidden,
        int latent,
        Activation activation,
        LikelihoodSpec likelihood,
        LogVarBounds bounds) {
      this(
          data,
          hidden,
          activation,
          new DiagonalGaussianPosterior.Spec(latent),
          PriorSpec.NORMAL,
          likelihood,
          bounds,
          0);
    }

    /** Latent dimensions D. */
    public int latent() {
      return posterior.latent();
    }

    /**
     * New parameters with their initial values.
     *
     * @param dataMeans mean of each data dimension for the output bias, or null
     */
    public Parameters parameters(long seed, double @Nullable [] dataMeans) {
      Parameters.Builder builder = Parameters.builder();
      declare(builder, dataMeans);
      return builder.build(seed);
    }

    /** The same in the memory of a backend. */
    public Parameters parameters(long seed, double @Nullable [] dataMeans, MemoryKernels memory) {
      Parameters.Builder builder = Parameters.builder();
      declare(builder, dataMeans);
      return builder.build(seed, memory);
    }

    /** Declares the parameters of all parts. */
    public void declare(Parameters.Builder builder, double @Nullable [] dataMeans) {
      int encoded = Mlp.declare(builder, "encoder", data + condition, hidden);
      posterior.declare(builder, encoded);
      prior.declare(builder, this);
      int decoded =
          Mlp.declare(builder, "decoder", posterior.decoded() + condition, hidden.reversed());
      likelihood.declare(builder, decoded, data, dataMeans);
    }
  }

  private final int data;
  private final int latent;
  private final int decoded;
  private final int condition;
  private final Encoder encoder;
  private final Posterior posterior;
  private final Prior prior;
  private final Network decoder;
  private final Likelihood likelihood;

  /**
   * A model of any parts that fit each other, without a condition.
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
    this.decoded = latent;
    this.condition = 0;
    this.encoder = (tape, x, none) -> encoder.forward(tape, x);
    this.posterior = posterior;
    this.prior = prior;
    this.decoder = decoder;
    this.likelihood = likelihood;
  }

  /** The model over parameters that {@link Spec#declare} declared. */
  public Vae(Spec spec, Parameters parameters) {
    data = spec.data();
    latent = spec.latent();
    decoded = spec.posterior().decoded();
    condition = spec.condition();
    int layers = spec.hidden().size();
    Mlp network = new Mlp(parameters, "encoder", layers, spec.activation());
    encoder = (tape, x, told) -> network.forward(tape, told(tape, x, told));
    posterior = spec.posterior().build(parameters, spec.bounds());
    prior = spec.prior().build(parameters, spec, encoder, posterior);
    decoder = new Mlp(parameters, "decoder", layers, spec.activation());
    likelihood = spec.likelihood().build(parameters, spec.bounds());
  }

  /** {@code v} with the condition beside it, each of its rows as often as needed. */
  private static Var told(Tape tape, Var v, @Nullable Var condition) {
    return condition == null ? v : ComposeOps.concat(tape, v, condition);
  }

  /** Data dimensions N. */
  public int data() {
    return data;
  }

  /** Latent dimensions D. */
  public int latent() {
    return latent;
  }

  /** Width of the condition, 0 for none. */
  public int condition() {
    return condition;
  }

  public Posterior posterior() {
    return posterior;
  }

  public Prior prior() {
    return prior;
  }

  public Likelihood likelihood() {
    return likelihood;
  }

  /** B data points to the encoder's last hidden layer [B,H]. */
  public Var encode(Tape tape, Observed data) {
    return encoder.encode(tape, data.x(), condition(data.condition()));
  }

  /**
   * Samples of the posterior beside this model's prior.
   *
   * @param h what {@link #encode} gave
   */
  public Latent sample(Tape tape, Var h, NoiseKey noise, int samples, Want want) {
    return posterior.sample(tape, h, noise, samples, prior, want);
  }

  /** Middle of the posterior of each data point, [B,D]. */
  public Var posteriorMean(Tape tape, Observed data) {
    return posterior.mean(tape, encode(tape, data));
  }

  /**
   * E[x|z], [R,N].
   *
   * @param z [R,D]
   * @param told the condition, [B,C] with R a multiple of B, or null for a model without one
   */
  public Var decodeMean(Tape tape, Var z, @Nullable Var told) {
    return likelihood.mean(tape, decode(tape, z, told));
  }

  /**
   * log p(x|z) of each row, [R].
   *
   * @param z [R,D], R a multiple of the B data points
   */
  public Var logLik(Tape tape, Var z, Observed data) {
    return likelihood.logLik(tape, decode(tape, z, data.condition()), data);
  }

  private Var decode(Tape tape, Var z, @Nullable Var told) {
    Var read = decoded < latent ? ComposeOps.columns(tape, z, 0, decoded) : z;
    return decoder.forward(tape, told(tape, read, condition(told)));
  }

  /** Checks that a condition is there exactly where the model has one. */
  private @Nullable Var condition(@Nullable Var told) {
    if ((told == null) != (condition == 0)) {
      throw new IllegalArgumentException(
          condition == 0
              ? "Vae: this model has no condition"
              : "Vae: this model needs a condition of %d columns".formatted(condition));
    }
    return told;
  }
}
