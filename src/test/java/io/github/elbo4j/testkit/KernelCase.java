package io.github.elbo4j.testkit;

import io.github.elbo4j.kernel.Backend;

/**
 * One hook on one set of shapes, on any backend. The same case serves parity, thread counts and
 * allocation.
 *
 * @param hook {@code family.method}: hook {@code doMethod} of that family
 * @param label shapes and variant, for the report
 * @param hot whether the allocation test takes it: one or two ragged shapes a hook
 * @param setup makes the arguments, the same for the same fixture seed
 */
public record KernelCase(String hook, String label, boolean hot, Setup setup) {
  /** Makes arguments once; the call may then run many times. */
  @FunctionalInterface
  public interface Setup {
    Call prepare(Fixture fixture);
  }

  /** The hook's call; must not allocate by itself. */
  @FunctionalInterface
  public interface Call {
    void run(Backend backend);
  }

  public static KernelCase of(String hook, String label, Setup setup) {
    return new KernelCase(hook, label, false, setup);
  }

  /** The same case, taken by the allocation test too. */
  public KernelCase asHot() {
    return new KernelCase(hook, label, true, setup);
  }

  @Override
  public String toString() {
    return hook + " " + label;
  }
}
