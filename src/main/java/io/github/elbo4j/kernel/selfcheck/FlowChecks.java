package io.github.elbo4j.kernel.selfcheck;

/** Checks of flows. */
final class FlowChecks {
  private FlowChecks() {}

  static void addTo(Comparison c) {}
}
