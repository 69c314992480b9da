package io.github.elbo4j.vi.flow;

import io.github.elbo4j.nn.Parameters;

/** A flow by name and sizes: declares its parameters, then is built over them. */
public interface FlowSpec {
  /**
   * Declares the parameters under {@code name.…}.
   *
   * @param dimensions D
   * @param context H, columns of what the flow is told about each data point; 0 for nothing
   * @throws IllegalArgumentException when there is no such flow of D dimensions
   */
  void declare(Parameters.Builder builder, String name, int dimensions, int context);

  /**
   * The flow over declared parameters.
   *
   * @param dimensions D, as declared
   * @param conditioned whether it was declared with a context
   */
  Flow build(Parameters parameters, String name, int dimensions, boolean conditioned);

  /** Refuses a flow without steps. */
  static void atLeastOne(int steps) {
    if (steps < 1) {
      throw new IllegalArgumentException("flow: steps " + steps + " must be >= 1");
    }
  }
}
