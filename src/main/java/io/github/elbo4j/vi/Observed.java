package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A mini-batch as the model sees it: B data points of N dimensions, what they are conditioned on,
 * and, for likelihoods of whole numbers, the levels they were measured in. One object is kept from
 * step to step and set anew.
 */
public final class Observed {
  private final Var x = new Var();
  private final Var condition = new Var();
  private boolean conditioned;
  private @Nullable ByteTensor levels;

  /** An empty one, to be {@link #set}. */
  public Observed() {}

  /** Data alone. */
  public static Observed of(Tensor x) {
    return new Observed().set(x, null, null);
  }

  /**
   * Sets what the model sees.
   *
   * @param newX [B,N], what the encoder reads and what most likelihoods explain
   * @param newCondition [B,C], what encoder and decoder are told besides, such as one-hot labels;
   *     or null
   * @param newLevels [B,N], levels for {@link LikelihoodSpec#levels() likelihoods of whole
   *     numbers}; or null
   */
  public Observed set(Tensor newX, @Nullable Tensor newCondition, @Nullable ByteTensor newLevels) {
    if (newCondition != null && newCondition.rows() != newX.rows()) {
      throw new IllegalArgumentException(
          "Observed: condition %s must have the %d rows of x"
              .formatted(newCondition.shape(), newX.rows()));
    }
    x.setConstant(newX);
    conditioned = newCondition != null;
    if (newCondition != null) {
      condition.setConstant(newCondition);
    }
    levels = newLevels;
    return this;
  }

  /** B. */
  public int points() {
    return x.value().rows();
  }

  /** [B,N]. */
  public Var x() {
    return x;
  }

  /** [B,C], or null for a model without a condition. */
  public @Nullable Var condition() {
    return conditioned ? condition : null;
  }

  /** [B,N] whole numbers from 0; an IllegalStateException when there are none. */
  public ByteTensor levels() {
    if (levels == null) {
      throw new IllegalStateException("Observed: this likelihood needs the levels of the data");
    }
    return levels;
  }
}
