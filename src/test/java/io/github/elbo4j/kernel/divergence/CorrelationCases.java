package io.github.elbo4j.kernel.divergence;

import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link CorrelationKernels}. */
public final class CorrelationCases implements FamilyCases {
  @Override
  public List<KernelCase> parity() {
    return new ArrayList<>();
  }

  @Override
  public List<GradCase> gradients() {
    return new ArrayList<>();
  }
}
