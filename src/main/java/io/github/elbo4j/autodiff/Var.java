package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A value on the tape and, where one is wanted, its gradient.
 *
 * <p>Three kinds: a {@link #constant}, which has no gradient; a {@link #parameter}, whose gradient
 * is the caller's own tensor, added to by every backward pass and cleared by the optimiser; and the
 * output of a node, whose gradient comes from the tape's arena and starts at zero in every backward
 * pass.
 */
public final class Var {
  private Tensor value = Tensor.EMPTY;
  private @Nullable Tensor gradient;
  private @Nullable MemoryKernels memory; // of the tape; null where the gradient is the caller's
  private boolean cleared;
  private @Nullable Var detached;

  /** An output of a node, filled by {@link Tape#open}. */
  public Var() {}

  /** A value without a gradient: data, noise. */
  public static Var constant(Tensor value) {
    Var v = new Var();
    v.set(value, null, null);
    return v;
  }

  /** A value whose gradient is added to {@code gradient}, of the same shape. */
  public static Var parameter(Tensor value, Tensor gradient) {
    if (!value.shape().equals(gradient.shape())) {
      throw new IllegalArgumentException(
          "parameter: gradient " + gradient.shape() + " must equal value " + value.shape());
    }
    Var v = new Var();
    v.set(value, gradient, null);
    return v;
  }

  /** Replaces what this variable holds: for constants that change from step to step. */
  public Var setConstant(Tensor newValue) {
    set(newValue, null, null);
    return this;
  }

  public Tensor value() {
    return value;
  }

  /**
   * The same value as a constant: nothing flows back through it. The same object each time, valid
   * as long as the value is.
   */
  public Var detached() {
    if (detached == null) {
      detached = new Var();
    }
    return detached.setConstant(value);
  }

  /** Whether a gradient is wanted. */
  public boolean needsGradient() {
    return gradient != null;
  }

  /**
   * The gradient, ready to be added to: zeros when nothing was added in this backward pass. Null
   * when none is wanted.
   *
   * <p>After a backward pass that of a {@link #parameter} is its gradient; that of an output is
   * what its node left there, which may have used it as scratch ({@link DenseOps#dense} does).
   */
  public @Nullable Tensor gradient() {
    if (gradient != null && memory != null && !cleared) {
      memory.fill(gradient, 0);
      cleared = true;
    }
    return gradient;
  }

  /**
   * True before anything was added in this backward pass: a kernel may then overwrite instead of
   * adding.
   */
  public boolean untouched() {
    return gradient != null && !cleared;
  }

  /** The gradient for a kernel that overwrites it, without clearing it first. */
  public @Nullable Tensor gradientToOverwrite() {
    cleared = true;
    return gradient;
  }

  /** Starts a backward pass: whatever an earlier one left counts as nothing. */
  void forgetGradient() {
    cleared = false;
  }

  /** With the kernels that clear the gradient in each backward pass, or null to never clear it. */
  void set(Tensor newValue, @Nullable Tensor newGradient, @Nullable MemoryKernels clearing) {
    value = newValue;
    gradient = newGradient;
    memory = clearing;
    cleared = clearing == null;
  }

  @Override
  public String toString() {
    return "Var" + value.shape();
  }
}
