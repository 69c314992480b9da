package io.github.elbo4j.nn;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.optim.AdamStep;
import io.github.elbo4j.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The Adam optimiser of a model: owns the moments and, on request, clips the gradient to a global
 * norm and keeps a Polyak average of the values. A step allocates nothing.
 *
 * <p>Weight decay is decoupled (AdamW) and acts on weights, not on row vectors such as biases: see
 * {@link Parameters#decayed}.
 */
public final class Adam {
  private final Parameters parameters;
  private final Tensor m;
  private final Tensor v;
  private final AdamStep settings;
  private final double learningRate;
  private final Schedule schedule;
  private final int stepsPerEpoch;
  private final float clipNorm;
  private final float averageDecay;
  private final @Nullable Tensor average;
  private final Tensor squaredNorm;
  private final Tensor gradScale;
  private long steps;
  private boolean measured;
  private boolean averageInUse;

  private Adam(Builder b) {
    parameters = b.parameters;
    int size = parameters.values().size();
    m = parameters.allocate(size);
    v = parameters.allocate(size);
    squaredNorm = parameters.allocate(1);
    gradScale = parameters.allocate(1);
    v.fill(b.initialSecondMoment);
    int decayed = parameters.decayed();
    settings = new AdamStep(b.learningRate, b.beta1, b.beta2, b.epsilon, b.weightDecay, decayed);
    learningRate = b.learningRate;
    schedule = b.schedule;
    stepsPerEpoch = b.stepsPerEpoch;
    clipNorm = b.clipNorm;
    averageDecay = b.averageDecay;
    average =
        b.averageDecay > 0 ? parameters.allocate(size).set(parameters.values().toArray()) : null;
  }

  /** Adam for {@code parameters}, as its authors set it until told otherwise. */
  public static Builder builder(Parameters parameters) {
    return new Builder(parameters);
  }

  /**
   * One step down the gradient in {@link Parameters#gradients}, which is zero afterwards.
   *
   * @throws IllegalStateException between the two calls of {@link #swapAverage}
   */
  public void step(Backend kernels) {
    prepare();
    launch(kernels, null);
    advance();
  }

  /**
   * First part of a {@link #step} that a device does while the host goes on, and may be captured
   * ({@link io.github.elbo4j.kernel.Replay}): sets the numbers of the step to come, before the work
   * is started. The second part is {@link #launch}, the third {@link #advance}.
   *
   * @throws IllegalStateException between the two calls of {@link #swapAverage}
   */
  public void prepare() {
    if (averageInUse) {
      throw new IllegalStateException("Adam.step: the averages are in use; call swapAverage first");
    }
    settings.at(steps + 1, nextLearningRate());
  }

  /**
   * Second part of a step: its kernels, which change nothing but set the gradient to zero where
   * {@code guard} is infinite or NaN.
   *
   * @param guard the loss, one element, or null
   */
  public void launch(Backend kernels, @Nullable Tensor guard) {
    Tensor gradients = parameters.gradients();
    boolean clips = clipNorm > 0;
    if (clips) {
      kernels.optim().squaredNorm(gradients, squaredNorm);
      kernels.optim().clipScale(squaredNorm, clipNorm, gradScale);
      measured = true;
    }
    Tensor scale = clips ? gradScale : null;
    kernels.optim().adam(parameters.values(), gradients, m, v, scale, guard, settings);
    if (average != null) {
      kernels.optim().polyak(average, parameters.values(), averageDecay, guard);
    }
  }

  /** Last part of a step, once its loss is known to be a number: it counts. */
  public void advance() {
    steps++;
  }

  /** Number of steps done. */
  public long steps() {
    return steps;
  }

  /** The learning rate of the step to come. */
  public double nextLearningRate() {
    return schedule.learningRate(learningRate, steps, stepsPerEpoch);
  }

  /**
   * The global norm of the last step's gradient before clipping; empty before the first step and
   * without {@link Builder#clipNorm}, which is what has it measured.
   */
  public OptionalDouble lastGradientNorm() {
    return measured ? OptionalDouble.of(Math.sqrt(squaredNorm.get(0))) : OptionalDouble.empty();
  }

  /**
   * Exchanges the values with their averages, in place, so that a model evaluates with the
   * averages; the next call puts them back.
   *
   * @throws IllegalStateException without {@link Builder#average}
   */
  public void swapAverage(Backend kernels) {
    if (average == null) {
      throw new IllegalStateException("Adam.swapAverage: this optimiser keeps no average");
    }
    kernels.memory().swap(parameters.values(), average);
    averageInUse = !averageInUse;
  }

  /**
   * The state for a checkpoint beside the values and {@link #steps}: views, to be read or written,
   * named {@code adam.m.} and {@code adam.v.} and (with an average) {@code average.} before the
   * parameter's name.
   */
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.putAll(parameters.views(m, "adam.m."));
    state.putAll(parameters.views(v, "adam.v."));
    if (average != null) {
      state.putAll(parameters.views(average, "average."));
    }
    return Collections.unmodifiableMap(state);
  }

  /** Goes on after {@code done} steps; the caller has written {@link #state}. */
  public void resume(long done) {
    if (done < 0) {
      throw new IllegalArgumentException("Adam.resume: steps " + done + " must be >= 0");
    }
    steps = done;
  }

  /** Settings of an optimiser; bad numbers are refused by {@link #build} or at once. */
  public static final class Builder {
    private final Parameters parameters;
    private double learningRate = 1e-3;
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double epsilon = 1e-8;
    private double weightDecay;
    private float initialSecondMoment;
    private Schedule schedule = Schedule.constant();
    private int stepsPerEpoch = 1;
    private float clipNorm;
    private float averageDecay;

    private Builder(Parameters parameters) {
      this.parameters = parameters;
    }

    /** The base of the schedule; 1e-3 unless given. */
    public Builder learningRate(double base) {
      learningRate = base;
      return this;
    }

    /** Decays of the moments, in [0,1); 0.9 and 0.999 unless given. */
    public Builder betas(double first, double second) {
      beta1 = first;
      beta2 = second;
      return this;
    }

    /** 1e-8 unless given. */
    public Builder epsilon(double value) {
      epsilon = value;
      return this;
    }

    /** Decoupled weight decay of the weights; 0 unless given. */
    public Builder weightDecay(double value) {
      weightDecay = value;
      return this;
    }

    /** What second moments start at, finite, &gt;= 0; 0 unless given. */
    public Builder initialSecondMoment(float value) {
      if (!(value >= 0 && value <= Float.MAX_VALUE)) {
        throw bad("initialSecondMoment " + value + " must be finite and >= 0");
      }
      initialSecondMoment = value;
      return this;
    }

    /**
     * How the learning rate changes; constant unless given.
     *
     * @param steps steps in an epoch, &gt;= 1
     */
    public Builder schedule(Schedule value, int steps) {
      if (steps < 1) {
        throw bad("stepsPerEpoch " + steps + " must be >= 1");
      }
      schedule = value;
      stepsPerEpoch = steps;
      return this;
    }

    /** Clips the gradient to a global norm, finite, &gt; 0. */
    public Builder clipNorm(double value) {
      float norm = (float) value;
      if (!(norm > 0 && norm <= Float.MAX_VALUE)) {
        throw bad("clipNorm " + value + " must be finite and > 0");
      }
      clipNorm = norm;
      return this;
    }

    /** Keeps an average of the values, {@code decay} in (0,1), 0.999 say. */
    public Builder average(double decay) {
      float rounded = (float) decay;
      if (!(rounded > 0 && rounded < 1)) {
        throw bad("average decay " + decay + " must be in (0,1)");
      }
      averageDecay = rounded;
      return this;
    }

    /** The optimiser, at step 0; an average starts at the present values. */
    public Adam build() {
      return new Adam(this);
    }

    private static IllegalArgumentException bad(String text) {
      return new IllegalArgumentException("Adam: " + text);
    }
  }
}
