package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link ConcreteKernels}. */
public final class ConcreteCases implements FamilyCases {
  @Override
  public List<KernelCase> parity() {
    return new ArrayList<>();
  }

  @Override
  public List<GradCase> gradients() {
    return new ArrayList<>();
  }
}
