package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Records operations as they run and walks them backwards. Operations are static methods of the
 * {@code …Ops} classes; each runs its forward kernel at once and leaves one node.
 *
 * <pre>{@code
 * tape.reset();                                    // buffers and nodes of the last step are used again
 * Var h = DenseOps.dense(tape, x, w, b, Activation.TANH);
 * Var loss = ReduceOps.weightedSum(tape, h, 1f);
 * tape.backward(loss);                             // adds to the gradients of the parameters
 * }</pre>
 *
 * <p>A step of the same operations and shapes as the one before allocates nothing. Not for several
 * threads at once.
 */
public final class Tape {
  private final Backend backend;
  private final Arena arena;
  private final List<Node> nodes = new ArrayList<>();
  private final List<Var> outputs = new ArrayList<>();
  private int used;
  private boolean recording = true;

  public Tape(Backend backend) {
    this.backend = backend;
    this.arena = new Arena(backend.memory());
  }

  public Backend backend() {
    return backend;
  }

  public Arena arena() {
    return arena;
  }

  /** Starts a step: every variable of the last one becomes invalid. */
  public void reset() {
    used = 0;
    outputs.clear();
    arena.rewind();
  }

  /** Starts a step that will not be walked backwards: nothing gets a gradient buffer. */
  public void resetForInference() {
    reset();
    recording = false;
  }

  /** Starts a step with gradients again after {@link #resetForInference}. */
  public void resetForTraining() {
    reset();
    recording = true;
  }

  /** Whether outputs get gradients. */
  public boolean recording() {
    return recording;
  }

  /** Nodes recorded since the last reset. */
  public int size() {
    return used;
  }

  /**
   * The next node of the tape: the one that the last step had at this place when it is of the same
   * type, else a new one.
   *
   * @param type the node's class
   * @param factory a constructor, not a capturing lambda, so that nothing is allocated
   */
  public <N extends Node> N next(Class<N> type, Supplier<N> factory) {
    if (used < nodes.size() && nodes.get(used).getClass() == type) {
      return type.cast(nodes.get(used++));
    }
    N node = factory.get();
    if (used < nodes.size()) {
      nodes.set(used, node);
    } else {
      nodes.add(node);
    }
    used++;
    return node;
  }

  /**
   * Gives an output its {@code [rows, columns]} buffer, and one for the gradient when it needs one
   * and the tape records.
   */
  public Tensor open(Var out, boolean needsGradient, int rows, int columns) {
    Tensor value = arena.take(rows, columns);
    out.set(value, needsGradient && recording ? arena.take(rows, columns) : null, backend.memory());
    outputs.add(out);
    return value;
  }

  /** Gives an output its vector of {@code length} elements, and one for the gradient likewise. */
  public Tensor open(Var out, boolean needsGradient, int length) {
    Tensor value = arena.take(length);
    out.set(value, needsGradient && recording ? arena.take(length) : null, backend.memory());
    outputs.add(out);
    return value;
  }

  /**
   * Adds d loss / d parameter to the gradient of every parameter that {@code loss} depends on. May
   * be called again, for another loss of the same step too: the gradients of outputs start at zero
   * each time.
   *
   * @param loss one element, an output of this step
   * @throws IllegalStateException when the tape did not record, or {@code loss} has no parameters
   */
  public void backward(Var loss) {
    if (loss.value().size() != 1) {
      throw new IllegalArgumentException(
          "backward: loss " + loss.value().shape() + " must have 1 element");
    }
    if (!outputs.contains(loss)) {
      throw new IllegalArgumentException(
          "backward: loss was not computed on this tape since its last reset");
    }
    for (int i = 0; i < outputs.size(); i++) { // not an iterator: nothing is allocated
      outputs.get(i).forgetGradient();
    }
    Tensor seed = loss.gradientToOverwrite();
    if (seed == null) {
      throw new IllegalStateException(
          recording
              ? "backward: loss depends on no parameter"
              : "backward: the step began with resetForInference, use resetForTraining");
    }
    backend.memory().fill(seed, 1);
    for (int i = used - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      if (node.reached()) {
        node.backward(backend);
      }
    }
  }
}
