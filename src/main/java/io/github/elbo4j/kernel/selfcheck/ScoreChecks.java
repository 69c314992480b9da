package io.github.elbo4j.kernel.selfcheck;

/** Checks of score-function pieces and codebooks. */
final class ScoreChecks {
  private ScoreChecks() {}

  static void addTo(Comparison c) {}
}
