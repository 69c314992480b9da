package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link io.github.elbo4j.kernel.gaussian.GaussianKernels} on the tape. */
public final class GaussianOps {
  private GaussianOps() {}

  /** What {@link #reparameterize} is asked for beside z. */
  public enum Want {
    /** z alone. */
    SAMPLE,
    /** z and the KL of each data point. */
    KL,
    /** z, the KL of each data point and of each dimension. */
    KL_PER_DIM,
    /** z, log q(z|x) and log N(z; 0, I) of each sample. */
    LOG_DENSITIES,
    /**
     * The same, but in the backward pass mu and logVar inside log q are held fixed, so that its
     * gradient comes through z alone: sticking the landing (Roeder et al. 2017).
     */
    LOG_DENSITIES_STL;

    boolean densities() {
      return this == LOG_DENSITIES || this == LOG_DENSITIES_STL;
    }
  }

  /**
   * K samples a data point of N(mu, exp(logVar)) and what an objective needs of them.
   *
   * @param mu [B,D]
   * @param logVar [B,D]
   * @param noise names the noise, read here only: the backward pass does without it
   * @param samples K &gt;= 1
   * @param want which outputs beside z
   * @return the outputs, valid until the tape is reset
   */
  public static Sample reparameterize(
      Tape tape, Var mu, Var logVar, NoiseKey noise, int samples, Want want) {
    if (samples < 1) {
      throw new IllegalArgumentException("reparameterize: samples " + samples + " must be >= 1");
    }
    Sample n = tape.next(Sample.class, Sample::new);
    n.open(tape, mu, logVar, mu.value().rows() * samples, want);
    tape.backend()
        .gaussian()
        .reparameterize(
            mu.value(),
            logVar.value(),
            noise,
            n.z.value(),
            valueOf(n.kl),
            valueOf(n.klPerDim),
            valueOf(n.logQ),
            valueOf(n.logP));
    return n;
  }

  /** The same with the noise given: {@code eps} is [B·K,D]. */
  public static Sample reparameterize(Tape tape, Var mu, Var logVar, Tensor eps, Want want) {
    Sample n = tape.next(Sample.class, Sample::new);
    n.open(tape, mu, logVar, eps.rows(), want);
    tape.backend()
        .gaussian()
        .reparameterize(
            mu.value(),
            logVar.value(),
            eps,
            n.z.value(),
            valueOf(n.kl),
            valueOf(n.klPerDim),
            valueOf(n.logQ),
            valueOf(n.logP));
    return n;
  }

  /** logVar bounded to [low, high], see the kernel for the derivative. */
  public static Var clampLogVar(Tape tape, Var raw, float low, float high) {
    ClampNode n = tape.next(ClampNode.class, ClampNode::new);
    n.raw = raw;
    n.low = low;
    n.high = high;
    Tensor out =
        tape.open(n.bounded, raw.needsGradient(), raw.value().rows(), raw.value().columns());
    tape.backend().gaussian().clampLogVar(raw.value(), low, high, out);
    return n.bounded;
  }

  /**
   * KL to another diagonal Gaussian, [B].
   *
   * <p>The two parameters of a Gaussian need a gradient both or neither, and a learned prior asks
   * for a learned posterior.
   *
   * @param priorMu [B,D] or [D]
   * @param priorLogVar the shape of priorMu
   */
  public static Var klToPrior(Tape tape, Var mu, Var logVar, Var priorMu, Var priorLogVar) {
    return klToPrior(tape, mu, logVar, priorMu, priorLogVar, false);
  }

  /** The same for each dimension, [B,D]. */
  public static Var klPerDimToPrior(Tape tape, Var mu, Var logVar, Var priorMu, Var priorLogVar) {
    return klToPrior(tape, mu, logVar, priorMu, priorLogVar, true);
  }

  private static Var klToPrior(
      Tape tape, Var mu, Var logVar, Var priorMu, Var priorLogVar, boolean perDim) {
    PriorNode n = tape.next(PriorNode.class, PriorNode::new);
    n.mu = mu;
    n.logVar = logVar;
    n.priorMu = priorMu;
    n.priorLogVar = priorLogVar;
    n.perDim = perDim;
    if (tape.recording()) {
      bothOrNeither("klToPrior", "mu", mu, "logVar", logVar);
      bothOrNeither("klToPrior", "priorMu", priorMu, "priorLogVar", priorLogVar);
      if (priorMu.needsGradient() && !mu.needsGradient()) {
        throw new IllegalArgumentException(
            "klToPrior: priorMu needs a gradient, so mu must need one too");
      }
    }
    boolean needed = mu.needsGradient();
    int rows = mu.value().rows();
    Tensor kl = perDim ? null : tape.open(n.kl, needed, rows);
    Tensor each = perDim ? tape.open(n.kl, needed, rows, mu.value().columns()) : null;
    tape.backend()
        .gaussian()
        .klToPrior(mu.value(), logVar.value(), priorMu.value(), priorLogVar.value(), kl, each);
    return n.kl;
  }

  static void bothOrNeither(String method, String a, Var first, String b, Var second) {
    if (first.needsGradient() != second.needsGradient()) {
      throw new IllegalArgumentException(
          "%s: %s and %s must both need a gradient or neither".formatted(method, a, b));
    }
  }

  private static @Nullable Tensor valueOf(@Nullable Var v) {
    return v == null ? null : v.value();
  }

  private static @Nullable Tensor arrived(@Nullable Var v) {
    return v == null || v.untouched() ? null : v.gradient();
  }

  /** The outputs of {@link #reparameterize}. */
  public static final class Sample extends Node {
    private Var mu = new Var();
    private Var logVar = new Var();
    private final Var z = new Var();
    private final Var klVar = new Var();
    private final Var klPerDimVar = new Var();
    private final Var logQVar = new Var();
    private final Var logPVar = new Var();
    private @Nullable Var kl;
    private @Nullable Var klPerDim;
    private @Nullable Var logQ;
    private @Nullable Var logP;
    private boolean stickTheLanding;

    private void open(Tape tape, Var mean, Var logVariance, int rows, Want want) {
      mu = mean;
      logVar = logVariance;
      int points = mean.value().rows();
      int d = mean.value().columns();
      if (tape.recording()) { // else a parameter beside an output is no contradiction
        bothOrNeither("reparameterize", "mu", mean, "logVar", logVariance);
      }
      boolean needed = mean.needsGradient();
      kl = want == Want.KL || want == Want.KL_PER_DIM ? klVar : null;
      klPerDim = want == Want.KL_PER_DIM ? klPerDimVar : null;
      logQ = want.densities() ? logQVar : null;
      logP = want.densities() ? logPVar : null;
      stickTheLanding = want == Want.LOG_DENSITIES_STL;
      tape.open(z, needed, rows, d);
      if (kl != null) {
        tape.open(kl, needed, points);
      }
      if (klPerDim != null) {
        tape.open(klPerDim, needed, points, d);
      }
      if (logQ != null && logP != null) {
        tape.open(logQ, needed, rows);
        tape.open(logP, needed, rows);
      }
    }

    /** The posterior mean that was sampled from, [B,D]. */
    public Var mu() {
      return mu;
    }

    /** The samples, [B·K,D]; row b·K + k is sample k of data point b. */
    public Var z() {
      return z;
    }

    /** KL of each data point, [B]. */
    public Var kl() {
      return wanted(kl, "kl");
    }

    /** KL of each data point and dimension, [B,D]. */
    public Var klPerDim() {
      return wanted(klPerDim, "klPerDim");
    }

    /** log q(z|x), [B·K]. */
    public Var logQ() {
      return wanted(logQ, "logQ");
    }

    /** log N(z; 0, I), [B·K]. */
    public Var logP() {
      return wanted(logP, "logP");
    }

    private static Var wanted(@Nullable Var v, String name) {
      if (v == null) {
        throw new IllegalStateException("reparameterize: " + name + " was not asked for");
      }
      return v;
    }

    @Override
    protected boolean reached() {
      return z.needsGradient()
          && (arrived(z) != null
              || arrived(kl) != null
              || arrived(klPerDim) != null
              || arrived(logQ) != null
              || arrived(logP) != null);
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor dMu = mu.gradient();
      Tensor dLogVar = logVar.gradient();
      if (dMu != null && dLogVar != null) {
        kernels
            .gaussian()
            .reparameterizeBackward(
                mu.value(),
                logVar.value(),
                z.value(),
                arrived(z),
                arrived(kl),
                arrived(klPerDim),
                arrived(logQ),
                arrived(logP),
                stickTheLanding,
                dMu,
                dLogVar);
      }
    }
  }

  private static final class ClampNode extends Node {
    private Var raw = new Var();
    private float low;
    private float high;
    private final Var bounded = new Var();

    @Override
    protected boolean reached() {
      return arrived(bounded) != null;
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = bounded.gradient();
      Tensor dRaw = raw.gradient();
      if (g != null && dRaw != null) {
        kernels.gaussian().clampLogVarBackward(raw.value(), low, high, g, dRaw);
      }
    }
  }

  private static final class PriorNode extends Node {
    private Var mu = new Var();
    private Var logVar = new Var();
    private Var priorMu = new Var();
    private Var priorLogVar = new Var();
    private boolean perDim;
    private final Var kl = new Var();

    @Override
    protected boolean reached() {
      return arrived(kl) != null;
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = kl.gradient();
      Tensor dMu = mu.gradient();
      Tensor dLogVar = logVar.gradient();
      if (dMu != null && dLogVar != null) {
        kernels
            .gaussian()
            .klToPriorBackward(
                mu.value(),
                logVar.value(),
                priorMu.value(),
                priorLogVar.value(),
                perDim ? null : g,
                perDim ? g : null,
                dMu,
                dLogVar,
                priorMu.gradient(),
                priorLogVar.gradient());
      }
    }
  }
}
