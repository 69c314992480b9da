package io.github.elbo4j.nn;

import io.github.elbo4j.autodiff.DenseOps;
import io.github.elbo4j.autodiff.MaskedOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A dense layer {@code y = f(x·(W ⊙ M) + b)}, or {@code y = f(x·(W ⊙ M) + h·V + b)} that reads a
 * context h as well, unmasked. W itself is masked from its first value on, and its gradient is: the
 * optimisers of {@code nn} leave an element at 0 whose value and gradients are 0.
 */
public final class MaskedDense implements Network {
  private final Var weight;
  private final Var bias;
  private final @Nullable Var contextWeight;
  private final Tensor mask;
  private final Activation activation;
  private @Nullable MemoryKernels maskMemory;
  private Tensor resident = Tensor.EMPTY;

  /**
   * The layer that {@link #declare} put there under {@code name}.
   *
   * @param mask [in,out], the one it was declared with
   * @param context whether it was declared with a context
   */
  public MaskedDense(
      Parameters parameters, String name, Tensor mask, boolean context, Activation activation) {
    this.weight = var(parameters, name + ".weight");
    this.bias = var(parameters, name + ".bias");
    this.contextWeight = context ? var(parameters, name + ".context") : null;
    this.mask = mask;
    this.activation = activation;
  }

  private MaskedDense(
      Var weight, Var bias, @Nullable Var contextWeight, Tensor mask, Activation activation) {
    this.weight = weight;
    this.bias = bias;
    this.contextWeight = contextWeight;
    this.mask = mask;
    this.activation = activation;
  }

  /** The same layer, read but not learned: gradients pass through it and leave nothing in it. */
  public MaskedDense detached() {
    return new MaskedDense(
        Var.constant(weight.value()),
        Var.constant(bias.value()),
        contextWeight == null ? null : Var.constant(contextWeight.value()),
        mask,
        activation);
  }

  private static Var var(Parameters parameters, String name) {
    return Var.parameter(parameters.value(name), parameters.gradient(name));
  }

  /**
   * Declares {@code name.weight} of the mask's shape, {@code name.bias}, and {@code name.context}
   * [context,out] where there is one.
   *
   * @param context columns of the context, or 0 for none
   */
  public static void declare(
      Parameters.Builder builder,
      String name,
      Tensor mask,
      int context,
      Initializer weight,
      Initializer bias) {
    builder.add(name + ".weight", mask.rows(), mask.columns(), masked(mask, weight));
    builder.add(name + ".bias", 1, mask.columns(), bias);
    if (context > 0) {
      builder.add(name + ".context", context, mask.columns(), weight);
    }
  }

  private static Initializer masked(Tensor mask, Initializer initializer) {
    return (values, noise) -> {
      initializer.fill(values, noise);
      Backends.reference().dense().mask(mask, values);
    };
  }

  /** x [R,in] to y [R,out]. */
  @Override
  public Var forward(Tape tape, Var x) {
    return forward(tape, x, null);
  }

  /**
   * The same with a context for each data point: it goes through V once a point, whatever the
   * number of samples.
   *
   * @param context [B,C], R a multiple of B; null for a layer without one
   */
  public Var forward(Tape tape, Var x, @Nullable Var context) {
    if ((context == null) != (contextWeight == null)) {
      throw new IllegalArgumentException(
          "MaskedDense: a context must be given to a layer declared with one, and to no other");
    }
    if (context == null || contextWeight == null) {
      return MaskedOps.dense(tape, x, weight, mask(tape), bias, activation);
    }
    return shifted(tape, x, shift(tape, context));
  }

  /**
   * What a context adds to each data point, {@code h·V + b} [B,out]: for several passes with one
   * context, which {@link #shifted} does.
   */
  Var shift(Tape tape, Var context) {
    if (contextWeight == null) {
      throw new IllegalArgumentException("MaskedDense: this layer was declared without a context");
    }
    return DenseOps.dense(tape, context, contextWeight, bias, Activation.NONE);
  }

  /** The layer with what {@link #shift} gave. */
  Var shifted(Tape tape, Var x, Var shift) {
    return MaskedOps.conditioned(tape, x, weight, mask(tape), shift, activation);
  }

  /** The mask where the kernels are, so that a device does not fetch it in each step. */
  @SuppressWarnings("ReferenceEquality") // memories are not values
  private Tensor mask(Tape tape) {
    MemoryKernels memory = tape.backend().memory();
    if (memory != maskMemory) {
      maskMemory = memory;
      resident = memory.allocate(mask.size()).slice(0, mask.shape());
      memory.copy(mask, resident);
    }
    return resident;
  }
}
