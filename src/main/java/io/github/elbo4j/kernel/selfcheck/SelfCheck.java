package io.github.elbo4j.kernel.selfcheck;

import io.github.elbo4j.kernel.Backend;
import java.util.List;
import java.util.function.Consumer;

/**
 * Compares a backend with the double reference on this machine: every hook, on ragged shapes. Tests
 * of the project do far more; this is what a user can run where a machine or a JDK is in doubt.
 */
public final class SelfCheck {
  private static final List<Consumer<Comparison>> CHECKS =
      List.of(
          SamplingChecks::addTo,
          GaussianChecks::addTo,
          CovarianceChecks::addTo,
          CholeskyChecks::addTo,
          LikelihoodChecks::addTo,
          FlowChecks::addTo,
          CouplingChecks::addTo,
          ImportanceChecks::addTo,
          DiscreteChecks::addTo,
          ScoreChecks::addTo,
          DivergenceChecks::addTo,
          NetworkChecks::addTo,
          ComposeChecks::addTo);

  /**
   * One comparison.
   *
   * @param kernel family and method
   * @param worst largest error in units of its bound; NaN where a value was no number
   * @param passed whether it is within
   */
  public record Finding(String kernel, double worst, boolean passed) {}

  private SelfCheck() {}

  /**
   * Runs every comparison.
   *
   * @param seed of the arguments
   */
  public static List<Finding> run(Backend backend, long seed) {
    Comparison comparison = new Comparison(backend, seed);
    CHECKS.forEach(check -> check.accept(comparison));
    return comparison.findings;
  }
}
