package io.github.elbo4j.kernel.optim;

import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;

/**
 * The numbers of one Adam step. Mutable, so that a training step changes two of them ({@link #at})
 * and allocates nothing.
 */
public final class AdamStep {
  private final double beta1;
  private final double beta2;
  private final double epsilon;
  private final double weightDecay;
  private final int decayed;
  private double learningRate;
  private long step = 1;
  private final Tensor numbers = Tensor.zeros(3);

  /**
   * At step 1.
   *
   * @param learningRate finite, &gt;= 0
   * @param beta1 decay of the first moment, in [0,1)
   * @param beta2 decay of the second moment, in [0,1)
   * @param epsilon added to the root of the corrected second moment, &gt;= 1e-30 so that it is a
   *     number in float32 too
   * @param weightDecay decoupled weight decay (AdamW) before its product with the learning rate,
   *     finite, &gt;= 0
   * @param decayed weight decay acts on the first so many elements of the buffer and on no other,
   *     &gt;= 0; {@link Integer#MAX_VALUE} for all
   */
  public AdamStep(
      double learningRate,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay,
      int decayed) {
    require(beta1 >= 0 && beta1 < 1, "beta1", beta1, "must be in [0,1)");
    require(beta2 >= 0 && beta2 < 1, "beta2", beta2, "must be in [0,1)");
    require(epsilon >= 1e-30 && epsilon <= 1, "epsilon", epsilon, "must be in [1e-30,1]");
    require(
        weightDecay >= 0 && weightDecay <= Float.MAX_VALUE,
        "weightDecay",
        weightDecay,
        "must be finite and >= 0");
    require(decayed >= 0, "decayed", decayed, "must be >= 0");
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.weightDecay = weightDecay;
    this.decayed = decayed;
    at(1, learningRate);
  }

  /** Adam as its authors set it (β = 0.9, 0.999; ε = 1e-8), without weight decay. */
  public AdamStep(double learningRate) {
    this(learningRate, 0.9, 0.999, 1e-8, 0, 0);
  }

  /**
   * Moves to another step; returns this.
   *
   * @param newStep number of the step, the first being 1: the t of the bias corrections
   * @param newLearningRate finite, &gt;= 0
   */
  public AdamStep at(long newStep, double newLearningRate) {
    require(newStep >= 1, "step", (double) newStep, "must be >= 1");
    require(
        newLearningRate >= 0 && newLearningRate <= Float.MAX_VALUE,
        "learningRate",
        newLearningRate,
        "must be finite and >= 0");
    step = newStep;
    learningRate = newLearningRate;
    numbers.array()[0] = stepSize();
    numbers.array()[1] = scaledEpsilon();
    numbers.array()[2] = (float) (learningRate * weightDecay);
    return this;
  }

  public double learningRate() {
    return learningRate;
  }

  public double beta1() {
    return beta1;
  }

  public double beta2() {
    return beta2;
  }

  public double epsilon() {
    return epsilon;
  }

  public double weightDecay() {
    return weightDecay;
  }

  public int decayed() {
    return decayed;
  }

  public long step() {
    return step;
  }

  /**
   * {@code s = lr·√(1−β2^t)/(1−β1^t)}: both bias corrections folded in, a step is {@code s·m/(√v +
   * ε')} with ε' the {@link #scaledEpsilon}.
   */
  public float stepSize() {
    return (float) (learningRate * rootCorrection2() / (1 - power(beta1, step)));
  }

  /** {@code ε' = ε·√(1−β2^t)}, the companion of {@link #stepSize}. */
  public float scaledEpsilon() {
    return (float) (epsilon * rootCorrection2());
  }

  /**
   * What changes from step to step, always the same three elements in host memory: {@link
   * #stepSize}, {@link #scaledEpsilon}, and the product of learning rate and weight decay.
   */
  Tensor numbers() {
    return numbers;
  }

  private double rootCorrection2() {
    return Math.sqrt(1 - power(beta2, step));
  }

  /**
   * base^n by squaring: unlike Math.pow the same on every machine, unlike StrictMath's no garbage.
   */
  private static double power(double base, long n) {
    double result = 1;
    double square = base;
    for (long bits = n; bits != 0; bits >>>= 1) {
      if ((bits & 1) != 0) {
        result *= square;
      }
      square *= square;
    }
    return result;
  }

  private static void require(boolean holds, String name, double value, String wanted) {
    if (!holds) {
      boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
      String text = whole ? Long.toString((long) value) : Double.toString(value);
      throw Checks.fail("AdamStep", name + " " + text + " " + wanted);
    }
  }
}
