package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Mlp;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A variational autoencoder (Kingma and Welling 2014): an encoder of dense layers, a posterior, a
 * prior, a mirrored decoder and a likelihood.
 */
public final class Vae {
  /**
   * The architecture.
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
      Parameters.Builder builder = Parameters.builder();
      int encoded = Mlp.declare(builder, "encoder", data, hidden);
      DiagonalGaussianPosterior.declare(builder, encoded, latent);
      int decoded = Mlp.declare(builder, "decoder", latent, hidden.reversed());
      likelihood.declare(builder, decoded, data, dataMeans);
      return builder.build(seed);
    }
  }

  private final Spec spec;
  private final Mlp encoder;
  private final Posterior posterior;
  private final Prior prior;
  private final Mlp decoder;
  private final Likelihood likelihood;

  /** The model over parameters that {@link Spec#parameters} made. */
  public Vae(Spec spec, Parameters parameters) {
    this.spec = spec;
    this.encoder = new Mlp(parameters, "encoder", spec.hidden().size(), spec.activation());
    this.posterior = new DiagonalGaussianPosterior(parameters, spec.bounds());
    this.prior = Prior.standardNormal();
    this.decoder = new Mlp(parameters, "decoder", spec.hidden().size(), spec.activation());
    this.likelihood = spec.likelihood().build(parameters, spec.bounds());
  }

  public Spec spec() {
    return spec;
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
    GaussianOps.Sample latent =
        posterior.sample(tape, h, noise, objective.samples(), objective.wants());
    Var logLik = logLik(tape, latent.z(), x.value());
    Var loss = objective.loss(tape, logLik, latent, step);
    terms.set(logLik, latent, loss);
    return loss;
  }

  /** The parts of one forward pass. */
  public static final class Terms {
    private @Nullable Var logLik;
    private GaussianOps.@Nullable Sample latent;
    private @Nullable Var loss;

    void set(Var newLogLik, GaussianOps.Sample newLatent, Var newLoss) {
      logLik = newLogLik;
      latent = newLatent;
      loss = newLoss;
    }

    /** log p(x|z), [B·K]. */
    public Var logLik() {
      return there(logLik);
    }

    /** z and what the objective asked for beside it. */
    public GaussianOps.Sample latent() {
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
