package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link io.github.elbo4j.kernel.discrete.ConcreteKernels} on the tape; a draw without a gradient
 * ({@code gumbelMax}) needs no node. A temperature is a variable of one element, a constant or a
 * parameter.
 */
public final class ConcreteOps {
  private ConcreteOps() {}

  /** What a relaxed sample is asked for beside its logarithm, or its logit. */
  public enum Want {
    /** Nothing. */
    LOGS,
    /** The sample itself. */
    SAMPLE,
    /**
     * The sample rounded to one category, whose gradient is taken for that of the relaxed one:
     * straight through (Jang et al. 2017).
     */
    STRAIGHT_THROUGH
  }

  /** How a sample's log density is wanted. */
  public enum Density {
    NONE,
    /** With all of its gradient. */
    WHOLE,
    /**
     * In the backward pass its parameters are held fixed, so that its gradient comes through the
     * sample alone: sticking the landing (Roeder et al. 2017).
     */
    STL
  }

  /**
   * K Concrete samples a data point and their density.
   *
   * @param logAlpha [B,N·C]
   * @param noise names the noise, read here only: the backward pass does without it
   * @param samples K &gt;= 1
   * @return the outputs, valid until the tape is reset
   */
  public static Sample sample(
      Tape tape,
      Var logAlpha,
      int categories,
      Var tau,
      NoiseKey noise,
      int samples,
      Want want,
      Density density) {
    Sample n = tape.next(Sample.class, Sample::new);
    n.open(tape, "sample", logAlpha, categories, tau, samples, want, density);
    tape.backend()
        .concrete()
        .sample(
            logAlpha.value(),
            categories,
            n.tau(),
            noise,
            n.logs.value(),
            want == Want.SAMPLE ? n.y.value() : null,
            want == Want.STRAIGHT_THROUGH ? n.y.value() : null,
            density == Density.NONE ? null : n.logQ.value());
    return n;
  }

  /**
   * The same of binary Concrete variables: {@link Sample#logs} are the logits of the samples.
   *
   * @param logAlpha [B,N], log odds
   */
  public static Sample binarySample(
      Tape tape, Var logAlpha, Var tau, NoiseKey noise, int samples, Want want, Density density) {
    Sample n = tape.next(Sample.class, Sample::new);
    n.open(tape, "binarySample", logAlpha, 0, tau, samples, want, density);
    tape.backend()
        .concrete()
        .binarySample(
            logAlpha.value(),
            n.tau(),
            noise,
            n.logs.value(),
            want == Want.SAMPLE ? n.y.value() : null,
            want == Want.STRAIGHT_THROUGH ? n.y.value() : null,
            density == Density.NONE ? null : n.logQ.value());
    return n;
  }

  /**
   * The log density of logY, [R], under any logits and temperature.
   *
   * @param logAlpha [B,N·C]
   * @param logY [R,N·C]
   * @param ofY whether the density of exp(logY) on the simplex is meant
   */
  public static Var logDensity(
      Tape tape, Var logAlpha, int categories, Var tau, Var logY, boolean ofY) {
    DensityNode n = tape.next(DensityNode.class, DensityNode::new);
    n.take(logAlpha, categories, tau, logY, ofY);
    Tensor out = tape.open(n.out, n.needed(), logY.value().rows());
    tape.backend()
        .concrete()
        .logDensity(logAlpha.value(), categories, n.tau(), logY.value(), ofY, out);
    return n.out;
  }

  /** The log density of the logits of binary Concrete variables, [R]. */
  public static Var binaryLogDensity(Tape tape, Var logAlpha, Var tau, Var logit, boolean ofY) {
    DensityNode n = tape.next(DensityNode.class, DensityNode::new);
    n.take(logAlpha, 0, tau, logit, ofY);
    Tensor out = tape.open(n.out, n.needed(), logit.value().rows());
    tape.backend().concrete().binaryLogDensity(logAlpha.value(), n.tau(), logit.value(), ofY, out);
    return n.out;
  }

  /**
   * Perturbed logits given their argmax, and the relaxed sample coupled to it, for REBAR and RELAX.
   *
   * @param logAlpha [B,N·C]
   * @param index [R,N], the categories
   * @param noise of the second draw
   */
  public static Conditional conditional(
      Tape tape, Var logAlpha, int categories, Var tau, Tensor index, NoiseKey noise) {
    Conditional n = tape.next(Conditional.class, Conditional::new);
    n.logAlpha = logAlpha;
    n.categories = categories;
    n.tau = tau;
    boolean needed = logAlpha.needsGradient() || tau.needsGradient();
    int columns = logAlpha.value().columns();
    Tensor z = tape.open(n.z, needed, index.rows(), columns);
    Tensor logY = tape.open(n.logY, needed, index.rows(), columns);
    tape.backend()
        .concrete()
        .conditional(logAlpha.value(), categories, one(tau), index, noise, z, logY);
    return n;
  }

  private static float one(Var tau) {
    if (tau.value().size() != 1) {
      throw new IllegalArgumentException(
          "concrete: tau " + tau.value().shape() + " must have 1 element");
    }
    return tau.value().get(0);
  }

  private static @Nullable Tensor arrived(Var v) {
    return v.untouched() ? null : v.gradient();
  }

  /** The outputs of {@link #sample} and {@link #binarySample}. */
  public static final class Sample extends Node {
    private Var logAlpha = new Var();
    private Var tau = new Var();
    private int categories;
    private final Var logs = new Var();
    private final Var y = new Var();
    private final Var logQ = new Var();
    private Want want = Want.LOGS;
    private Density density = Density.NONE;

    private void open(
        Tape tape, String method, Var logits, int c, Var t, int samples, Want w, Density d) {
      if (samples < 1) {
        throw new IllegalArgumentException(method + ": samples " + samples + " must be >= 1");
      }
      logAlpha = logits;
      categories = c;
      tau = t;
      want = w;
      density = d;
      boolean needed = logits.needsGradient() || t.needsGradient();
      int rows = logits.value().rows() * samples;
      tape.open(logs, needed, rows, logits.value().columns());
      if (want != Want.LOGS) {
        tape.open(y, needed, rows, logits.value().columns());
      }
      if (density != Density.NONE) {
        tape.open(logQ, needed, rows);
      }
    }

    private float tau() {
      return one(tau);
    }

    /** logY [R,N·C]; of a binary sample its logit, [R,N]. */
    public Var logs() {
      return logs;
    }

    /** The sample, relaxed or rounded, [R,N·C] or [R,N]. */
    public Var y() {
      return wanted(want != Want.LOGS, y, "y");
    }

    /** The log density of {@link #logs}, [R]. */
    public Var logQ() {
      return wanted(density != Density.NONE, logQ, "logQ");
    }

    private static Var wanted(boolean asked, Var v, String name) {
      if (!asked) {
        throw new IllegalStateException("sample: " + name + " was not asked for");
      }
      return v;
    }

    private @Nullable Tensor toY() {
      return want == Want.LOGS ? null : arrived(y);
    }

    private @Nullable Tensor toLogQ() {
      return density == Density.NONE ? null : arrived(logQ);
    }

    @Override
    protected boolean reached() {
      return logs.needsGradient() && (arrived(logs) != null || toY() != null || toLogQ() != null);
    }

    @Override
    protected void backward(Backend kernels) {
      boolean stl = density == Density.STL;
      Tensor a = logAlpha.value();
      Tensor dA = logAlpha.gradient();
      Tensor dTau = tau.gradient();
      if (categories == 0) {
        kernels
            .concrete()
            .binarySampleBackward(
                a, tau(), logs.value(), arrived(logs), toY(), toLogQ(), stl, dA, dTau);
      } else {
        kernels
            .concrete()
            .sampleBackward(
                a, categories, tau(), logs.value(), arrived(logs), toY(), toLogQ(), stl, dA, dTau);
      }
    }
  }

  /** The outputs of {@link #conditional}. */
  public static final class Conditional extends Node {
    private Var logAlpha = new Var();
    private Var tau = new Var();
    private int categories;
    private final Var z = new Var();
    private final Var logY = new Var();

    /** Perturbed logits, [R,N·C]. */
    public Var z() {
      return z;
    }

    /** The relaxed sample made of them, [R,N·C]. */
    public Var logY() {
      return logY;
    }

    @Override
    protected boolean reached() {
      return z.needsGradient() && (arrived(z) != null || arrived(logY) != null);
    }

    @Override
    protected void backward(Backend kernels) {
      kernels
          .concrete()
          .conditionalBackward(
              logAlpha.value(),
              categories,
              one(tau),
              z.value(),
              logY.value(),
              arrived(z),
              arrived(logY),
              logAlpha.gradient(),
              tau.gradient());
    }
  }

  private static final class DensityNode extends Node {
    private Var logAlpha = new Var();
    private Var tau = new Var();
    private Var sample = new Var();
    private int categories;
    private boolean ofY;
    private final Var out = new Var();

    private void take(Var logits, int c, Var t, Var logSample, boolean simplex) {
      logAlpha = logits;
      categories = c;
      tau = t;
      sample = logSample;
      ofY = simplex;
    }

    private boolean needed() {
      return logAlpha.needsGradient() || tau.needsGradient() || sample.needsGradient();
    }

    private float tau() {
      return one(tau);
    }

    @Override
    protected boolean reached() {
      return arrived(out) != null;
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor a = logAlpha.value();
      Tensor dA = logAlpha.gradient();
      Tensor dSample = sample.gradient();
      Tensor dTau = tau.gradient();
      if (g == null) {
        return;
      }
      if (categories == 0) {
        kernels
            .concrete()
            .binaryLogDensityBackward(a, tau(), sample.value(), ofY, g, dA, dSample, dTau);
      } else {
        kernels
            .concrete()
            .logDensityBackward(a, categories, tau(), sample.value(), ofY, g, dA, dSample, dTau);
      }
    }
  }
}
