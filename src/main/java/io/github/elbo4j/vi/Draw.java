package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Node;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Latent} put together from its parts by a posterior. A node only so that the tape keeps
 * it and a step allocates none: gradients go through the nodes of its parts.
 */
public final class Draw extends Node implements Latent {
  private Var z = new Var();
  private @Nullable Var mean;
  private @Nullable Tape tape; // these three only where the mean waits
  private @Nullable Posterior posterior;
  private @Nullable Var h;
  private @Nullable Var kl;
  private @Nullable Var klPerDim;
  private @Nullable Var logQ;
  private @Nullable Var logP;

  private Draw() {}

  /**
   * A draw without anything beside its samples.
   *
   * @param z [B·K,D]
   * @param mean [B,D]
   */
  public static Draw of(Tape tape, Var z, Var mean) {
    Draw draw = tape.next(Draw.class, Draw::new);
    draw.z = z;
    draw.mean = mean;
    draw.kl = null;
    draw.klPerDim = null;
    draw.logQ = null;
    draw.logP = null;
    return draw;
  }

  /**
   * The same with a mean that is computed when it is first asked for, which training does not.
   *
   * @param posterior asked for its {@link Posterior#mean}
   * @param h what it reads
   */
  public static Draw of(Tape tape, Var z, Posterior posterior, Var h) {
    Draw draw = of(tape, z, z);
    draw.mean = null;
    draw.tape = tape;
    draw.posterior = posterior;
    draw.h = h;
    return draw;
  }

  /** With the KL of each data point, [B]. */
  public Draw kl(@Nullable Var newKl) {
    kl = newKl;
    return this;
  }

  /** With the KL of each data point and dimension, [B,D]. */
  public Draw klPerDim(@Nullable Var newKlPerDim) {
    klPerDim = newKlPerDim;
    return this;
  }

  /** With log q(z|x) and log p(z) of each sample, [B·K]. */
  public Draw densities(Var newLogQ, Var newLogP) {
    logQ = newLogQ;
    logP = newLogP;
    return this;
  }

  @Override
  public Var z() {
    return z;
  }

  @Override
  public Var mean() {
    if (mean == null && posterior != null && tape != null && h != null) {
      mean = posterior.mean(tape, h);
    }
    return wanted(mean, "mean");
  }

  @Override
  public Var kl() {
    return wanted(kl, "kl");
  }

  @Override
  public Var klPerDim() {
    return wanted(klPerDim, "klPerDim");
  }

  @Override
  public Var logQ() {
    return wanted(logQ, "logQ");
  }

  @Override
  public Var logP() {
    return wanted(logP, "logP");
  }

  private static Var wanted(@Nullable Var v, String name) {
    if (v == null) {
      throw new IllegalStateException("Latent: " + name + " was not asked for");
    }
    return v;
  }

  @Override
  protected boolean reached() {
    return false;
  }

  @Override
  protected void backward(Backend kernels) {
    throw new IllegalStateException("Latent: no gradient arrives here");
  }
}
