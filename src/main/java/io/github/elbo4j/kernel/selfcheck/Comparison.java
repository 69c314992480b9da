package io.github.elbo4j.kernel.selfcheck;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** Runs calls on a backend and on the reference and notes how far they are apart. */
final class Comparison {
  /**
   * |a − b| &lt;= 2e-5 + 2e-4·|b|: the tolerances of the kernel contract with room for sums of a
   * few hundred terms.
   */
  private static final double ABSOLUTE = 2e-5;

  private static final double RELATIVE = 2e-4;

  final List<SelfCheck.Finding> findings = new ArrayList<>();
  private final Backend backend;
  private final long seed;

  Comparison(Backend backend, long seed) {
    this.backend = backend;
    this.seed = seed;
  }

  /**
   * Adds a finding.
   *
   * @param name family and method
   * @param call makes its arguments and calls the kernels; the same on both backends
   */
  void check(String name, BiConsumer<Backend, Arguments> call) {
    Arguments mine = new Arguments(seed);
    Arguments law = new Arguments(seed);
    call.accept(backend, mine);
    call.accept(Backends.reference(), law);
    double worst = 0;
    for (int o = 0; o < mine.outputs.size(); o++) {
      float[] got = mine.outputs.get(o).toArray();
      float[] wanted = law.outputs.get(o).toArray();
      for (int i = 0; i < got.length; i++) {
        double error = Math.abs((double) got[i] - wanted[i]);
        worst = Math.max(worst, error / (ABSOLUTE + RELATIVE * Math.abs(wanted[i])));
      }
    }
    findings.add(new SelfCheck.Finding(name, worst, worst <= 1)); // a NaN compares false
  }
}
