package io.github.elbo4j.testkit;

import java.util.List;

/**
 * What a family brings to the common tests. The class stands in the family's package under the name
 * {@code FooCases}, where the guard test looks for it.
 */
public interface FamilyCases {
  /** At least one for every hook of the family. */
  List<KernelCase> parity();

  /** At least one for every hook whose name ends in {@code Backward}. */
  List<GradCase> gradients();
}
