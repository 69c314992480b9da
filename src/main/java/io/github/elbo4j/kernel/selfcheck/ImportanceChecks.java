package io.github.elbo4j.kernel.selfcheck;

/** Checks of importance weights. */
final class ImportanceChecks {
  private ImportanceChecks() {}

  static void addTo(Comparison c) {}
}
