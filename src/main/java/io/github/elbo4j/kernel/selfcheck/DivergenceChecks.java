package io.github.elbo4j.kernel.selfcheck;

/** Checks of terms that compare samples. */
final class DivergenceChecks {
  private DivergenceChecks() {}

  static void addTo(Comparison c) {}
}
