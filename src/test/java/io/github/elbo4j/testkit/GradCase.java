package io.github.elbo4j.testkit;

/**
 * A gradient check of the reference of one backward hook.
 *
 * @param hook {@code family.method}: hook {@code doMethod} of that family
 * @param label variant, for the report
 * @param check fails when the gradient is wrong
 */
public record GradCase(String hook, String label, Runnable check) {
  @Override
  public String toString() {
    return hook + " " + label;
  }
}
