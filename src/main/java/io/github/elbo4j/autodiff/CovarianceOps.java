package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link io.github.elbo4j.kernel.covariance.CovarianceKernels} on the tape. */
public final class CovarianceOps {
  private CovarianceOps() {}

  /** What {@link #reparameterize} is asked for beside z. */
  public enum Want {
    /** z alone. */
    SAMPLE,
    /** z and the KL of each data point. */
    KL,
    /** z, log q(z|x) and log N(z; 0, I) of each sample. */
    LOG_DENSITIES,
    /**
     * The same, but in the backward pass mu and the factor inside log q are held fixed, so that its
     * gradient comes through z alone: sticking the landing (Roeder et al. 2017).
     */
    LOG_DENSITIES_STL;

    boolean densities() {
      return this == LOG_DENSITIES || this == LOG_DENSITIES_STL;
    }
  }

  /**
   * K samples a data point of N(mu, L·Lᵀ) and what an objective needs of them. The three parameters
   * need a gradient all or none.
   *
   * @param mu [B,D]
   * @param logSigma [B,D], the logarithm of L's diagonal
   * @param lower [B,D(D−1)/2], L below its diagonal, row by row
   * @param noise names the noise; copied, and drawn again in the backward pass
   * @param samples K &gt;= 1
   * @param want which outputs beside z
   * @return the outputs, valid until the tape is reset
   */
  public static Sample reparameterize(
      Tape tape, Var mu, Var logSigma, Var lower, NoiseKey noise, int samples, Want want) {
    if (samples < 1) {
      throw new IllegalArgumentException("reparameterize: samples " + samples + " must be >= 1");
    }
    Sample n = tape.next(Sample.class, Sample::new);
    n.open(tape, mu, logSigma, lower, mu.value().rows() * samples, want);
    n.eps = null;
    NoiseKey key = n.copyOf(noise);
    tape.backend()
        .covariance()
        .reparameterize(
            mu.value(),
            logSigma.value(),
            lower.value(),
            key,
            n.z.value(),
            valueOf(n.kl),
            valueOf(n.logQ),
            valueOf(n.logP));
    return n;
  }

  /**
   * The same with the noise given: {@code eps} is [B·K,D] and must stay until the backward pass.
   */
  public static Sample reparameterize(
      Tape tape, Var mu, Var logSigma, Var lower, Tensor eps, Want want) {
    Sample n = tape.next(Sample.class, Sample::new);
    n.open(tape, mu, logSigma, lower, eps.rows(), want);
    n.eps = eps;
    tape.backend()
        .covariance()
        .reparameterize(
            mu.value(),
            logSigma.value(),
            lower.value(),
            eps,
            n.z.value(),
            valueOf(n.kl),
            valueOf(n.logQ),
            valueOf(n.logP));
    return n;
  }

  /**
   * log N(x; mu, L·Lᵀ) with the factor packed, [B·K]. The parameters of the Gaussian need a
   * gradient all or none.
   *
   * @param x [B·K,D]
   * @param mu [B,D]
   * @param logSigma [B,D]
   * @param lower [B,D(D−1)/2]
   */
  public static Var logDensity(Tape tape, Var x, Var mu, Var logSigma, Var lower) {
    DensityNode n = tape.next(DensityNode.class, DensityNode::new);
    allOrNone(tape, "logDensity", mu, logSigma, lower);
    n.open(tape, x, mu, logSigma, lower);
    tape.backend()
        .covariance()
        .logDensity(x.value(), mu.value(), logSigma.value(), lower.value(), n.logProb.value());
    return n.logProb;
  }

  /** The same with a full factor, B·D·D elements. */
  public static Var logDensity(Tape tape, Var x, Var mu, Var factor) {
    DensityNode n = tape.next(DensityNode.class, DensityNode::new);
    allOrNone(tape, "logDensity", mu, factor, factor);
    n.open(tape, x, mu, null, factor);
    tape.backend()
        .covariance()
        .logDensity(x.value(), mu.value(), factor.value(), n.logProb.value());
    return n.logProb;
  }

  /**
   * KL divergence of two Gaussians with full factors, [B]. The two parameters of a Gaussian need a
   * gradient both or neither, and a learned second asks for a learned first.
   *
   * @param mu1 [B,D]
   * @param factor1 B·D·D elements
   * @param mu2 [B,D], or [1,D] shared
   * @param factor2 a factor for each row of {@code mu2}
   */
  public static Var kl(Tape tape, Var mu1, Var factor1, Var mu2, Var factor2) {
    DivergenceNode n = tape.next(DivergenceNode.class, DivergenceNode::new);
    allOrNone(tape, "kl", mu1, factor1, factor1);
    allOrNone(tape, "kl", mu2, factor2, factor2);
    if (tape.recording() && mu2.needsGradient() && !mu1.needsGradient()) {
      throw new IllegalArgumentException("kl: mu2 needs a gradient, so mu1 must need one too");
    }
    n.mu1 = mu1;
    n.factor1 = factor1;
    n.mu2 = mu2;
    n.factor2 = factor2;
    Tensor out = tape.open(n.kl, mu1.needsGradient(), mu1.value().rows());
    tape.backend().covariance().kl(mu1.value(), factor1.value(), mu2.value(), factor2.value(), out);
    return n.kl;
  }

  /** While the tape does not record a parameter beside an output is no contradiction. */
  private static void allOrNone(Tape tape, String method, Var a, Var b, Var c) {
    boolean alike =
        a.needsGradient() == b.needsGradient() && a.needsGradient() == c.needsGradient();
    if (tape.recording() && !alike) {
      throw new IllegalArgumentException(
          method + ": the parameters of a Gaussian must all need a gradient or none");
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
    private Var logSigma = new Var();
    private Var lower = new Var();
    private @Nullable Tensor eps;
    private NoiseKey own = new NoiseKey(0, 0);
    private final Var z = new Var();
    private final Var klVar = new Var();
    private final Var logQVar = new Var();
    private final Var logPVar = new Var();
    private @Nullable Var kl;
    private @Nullable Var logQ;
    private @Nullable Var logP;
    private boolean stickTheLanding;

    private void open(Tape tape, Var mean, Var logDiagonal, Var below, int rows, Want want) {
      allOrNone(tape, "reparameterize", mean, logDiagonal, below);
      mu = mean;
      logSigma = logDiagonal;
      lower = below;
      boolean needed = mean.needsGradient();
      kl = want == Want.KL ? klVar : null;
      logQ = want.densities() ? logQVar : null;
      logP = want.densities() ? logPVar : null;
      stickTheLanding = want == Want.LOG_DENSITIES_STL;
      tape.open(z, needed, rows, mean.value().columns());
      if (kl != null) {
        tape.open(kl, needed, mean.value().rows());
      }
      if (logQ != null && logP != null) {
        tape.open(logQ, needed, rows);
        tape.open(logP, needed, rows);
      }
    }

    /** A key of this node's own; a new object only where seed or stream differ from before. */
    private NoiseKey copyOf(NoiseKey key) {
      if (own.seed() != key.seed() || own.stream() != key.stream()) {
        own = new NoiseKey(key.seed(), key.stream());
      }
      return own.at(key.step());
    }

    /** The samples, [B·K,D]; row b·K + k is sample k of data point b. */
    public Var z() {
      return z;
    }

    /** KL of each data point to the standard normal, [B]. */
    public Var kl() {
      return wanted(kl, "kl");
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
              || arrived(logQ) != null
              || arrived(logP) != null);
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor dMu = mu.gradient();
      Tensor dLogSigma = logSigma.gradient();
      Tensor dLower = lower.gradient();
      if (dMu == null || dLogSigma == null || dLower == null) {
        return;
      }
      Tensor m = mu.value();
      Tensor s = logSigma.value();
      Tensor l = lower.value();
      Tensor dz = arrived(z);
      Tensor dKl = arrived(kl);
      Tensor dQ = arrived(logQ);
      Tensor dP = arrived(logP);
      var k = kernels.covariance();
      if (eps != null) {
        k.reparameterizeBackward(
            m, s, l, eps, z.value(), dz, dKl, dQ, dP, stickTheLanding, dMu, dLogSigma, dLower);
      } else {
        k.reparameterizeBackward(
            m, s, l, own, z.value(), dz, dKl, dQ, dP, stickTheLanding, dMu, dLogSigma, dLower);
      }
    }
  }

  private static final class DensityNode extends Node {
    private Var x = new Var();
    private Var mu = new Var();
    private @Nullable Var logSigma;
    private Var entries = new Var();
    private final Var logProb = new Var();

    private void open(Tape tape, Var points, Var mean, @Nullable Var logDiagonal, Var lower) {
      x = points;
      mu = mean;
      logSigma = logDiagonal;
      entries = lower;
      tape.open(logProb, x.needsGradient() || mu.needsGradient(), x.value().rows());
    }

    @Override
    protected boolean reached() {
      return arrived(logProb) != null;
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = logProb.gradient();
      if (g == null) {
        return;
      }
      var k = kernels.covariance();
      Tensor dX = x.gradient();
      Tensor dMu = mu.gradient();
      Tensor dEntries = entries.gradient();
      if (logSigma == null) {
        k.logDensityBackward(x.value(), mu.value(), entries.value(), g, dX, dMu, dEntries);
      } else {
        k.logDensityBackward(
            x.value(),
            mu.value(),
            logSigma.value(),
            entries.value(),
            g,
            dX,
            dMu,
            logSigma.gradient(),
            dEntries);
      }
    }
  }

  private static final class DivergenceNode extends Node {
    private Var mu1 = new Var();
    private Var factor1 = new Var();
    private Var mu2 = new Var();
    private Var factor2 = new Var();
    private final Var kl = new Var();

    @Override
    protected boolean reached() {
      return arrived(kl) != null;
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = kl.gradient();
      Tensor dMu1 = mu1.gradient();
      Tensor dFactor1 = factor1.gradient();
      if (g != null && dMu1 != null && dFactor1 != null) {
        kernels
            .covariance()
            .klBackward(
                mu1.value(),
                factor1.value(),
                mu2.value(),
                factor2.value(),
                g,
                dMu1,
                dFactor1,
                mu2.gradient(),
                factor2.gradient());
      }
    }
  }
}
