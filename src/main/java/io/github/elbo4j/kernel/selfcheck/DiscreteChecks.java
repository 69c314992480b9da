package io.github.elbo4j.kernel.selfcheck;

/** Checks of discrete latents. */
final class DiscreteChecks {
  private DiscreteChecks() {}

  static void addTo(Comparison c) {}
}
