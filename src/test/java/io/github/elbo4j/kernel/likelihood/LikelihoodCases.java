package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import java.util.ArrayList;
import java.util.List;

final class LikelihoodCases implements FamilyCases {
  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>(BernoulliCases.parity());
    cases.addAll(GaussianLikelihoodCases.parity());
    cases.addAll(ContinuousBernoulliCases.parity());
    cases.addAll(LaplaceCases.parity());
    return cases;
  }

  @Override
  public List<GradCase> gradients() {
    List<GradCase> cases = new ArrayList<>(BernoulliCases.gradients());
    cases.addAll(GaussianLikelihoodCases.gradients());
    cases.addAll(ContinuousBernoulliCases.gradients());
    cases.addAll(LaplaceCases.gradients());
    return cases;
  }
}
