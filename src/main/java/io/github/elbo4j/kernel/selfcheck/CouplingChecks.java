package io.github.elbo4j.kernel.selfcheck;

/** Checks of coupling flows. */
final class CouplingChecks {
  private CouplingChecks() {}

  static void addTo(Comparison c) {}
}
