package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One forward pass of a model over a mini-batch: what an {@link Objective} works with, and what it
 * leaves behind for the log. One object is kept from step to step. Everything is valid until the
 * tape is reset.
 */
public final class Pass {
  private final Vae vae;
  private @Nullable Tape tape;
  private @Nullable Observed data;
  private @Nullable NoiseKey noise;
  private @Nullable Var h;
  private @Nullable Latent latent;
  private @Nullable Var logLik;
  private @Nullable Var kl;
  private float[] host = {};
  private Tensor hostNumbers = Tensor.EMPTY;
  private Tensor numbers = Tensor.EMPTY;

  /** Passes of a model. */
  public Pass(Vae vae) {
    this.vae = vae;
  }

  /**
   * The loss of a mini-batch.
   *
   * @param newData what is seen
   * @param newNoise names all noise of the pass
   * @param step training steps done so far
   * @return one element
   */
  public Var loss(
      Tape newTape, Observed newData, NoiseKey newNoise, Objective objective, long step) {
    schedule(newTape.backend(), objective, step);
    return scheduledLoss(newTape, newData, newNoise, objective);
  }

  /**
   * Has the objective say the numbers of a step, for {@link #scheduledLoss}: the part of a pass
   * that is the host's, where a device is to do the rest again and again.
   */
  public void schedule(Backend backend, Objective objective, long step) {
    int count = objective.scheduled();
    if (host.length != count) {
      host = new float[count];
      hostNumbers = Tensor.of(host, 0, count);
      numbers = backend.memory().allocate(count);
    }
    if (count > 0) {
      objective.schedule(step, host);
    }
  }

  /** {@link #loss} with the numbers of the last {@link #schedule}, kernels alone. */
  public Var scheduledLoss(Tape newTape, Observed newData, NoiseKey newNoise, Objective objective) {
    tape = newTape;
    data = newData;
    noise = newNoise;
    latent = null;
    logLik = null;
    kl = null;
    if (host.length > 0) {
      newTape.backend().memory().copy(hostNumbers, numbers);
    }
    h = vae.encode(newTape, newData);
    return objective.loss(this);
  }

  public Vae vae() {
    return vae;
  }

  public Tape tape() {
    return there(tape);
  }

  /** The mini-batch, B data points. */
  public Observed data() {
    return there(data);
  }

  /** Names the noise of the pass; the posterior's samples take it, other uses its branches. */
  public NoiseKey noise() {
    return there(noise);
  }

  /** The encoder's output, [B,H]. */
  public Var h() {
    return there(h);
  }

  /** What the objective scheduled for this step. */
  public Tensor numbers() {
    return numbers;
  }

  /**
   * Draws K samples a data point from the posterior beside the model's prior. Kept as {@link
   * #latent}.
   */
  public Latent sample(int samples, Want want) {
    Latent drawn = vae.sample(tape(), h(), noise(), samples, want);
    latent = drawn;
    return drawn;
  }

  /** log p(x|z) of each row of z, [R]. */
  public Var logLik(Var z) {
    return vae.logLik(tape(), z, data());
  }

  /**
   * Leaves for the log what one sample, or each of several, gave.
   *
   * @param newLogLik log p(x|z), any number of elements, whose mean is taken
   * @param newKl KL or an estimate of it, any number of elements, whose mean is taken
   */
  public void report(Var newLogLik, Var newKl) {
    logLik = newLogLik;
    kl = newKl;
  }

  /** What {@link #sample} gave last. */
  public Latent latent() {
    return there(latent);
  }

  /** log p(x|z), as reported. */
  public Var logLik() {
    return there(logLik);
  }

  /** The KL, as reported. */
  public Var kl() {
    return there(kl);
  }

  private static <T> T there(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException("Pass: no forward pass was done");
    }
    return part;
  }
}
