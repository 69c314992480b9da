package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.compose.ComposeKernels;
import io.github.elbo4j.kernel.covariance.CholeskyKernels;
import io.github.elbo4j.kernel.covariance.CovarianceKernels;
import io.github.elbo4j.kernel.dense.ConvolutionKernels;
import io.github.elbo4j.kernel.dense.DenseKernels;
import io.github.elbo4j.kernel.dense.NormalizationKernels;
import io.github.elbo4j.kernel.discrete.CategoricalKernels;
import io.github.elbo4j.kernel.discrete.CodebookKernels;
import io.github.elbo4j.kernel.discrete.ConcreteKernels;
import io.github.elbo4j.kernel.discrete.ScoreKernels;
import io.github.elbo4j.kernel.divergence.CorrelationKernels;
import io.github.elbo4j.kernel.divergence.DiscrepancyKernels;
import io.github.elbo4j.kernel.divergence.ProcessKernels;
import io.github.elbo4j.kernel.flow.CouplingKernels;
import io.github.elbo4j.kernel.flow.FlowKernels;
import io.github.elbo4j.kernel.flow.SplineKernels;
import io.github.elbo4j.kernel.flow.SylvesterKernels;
import io.github.elbo4j.kernel.gaussian.GaussianKernels;
import io.github.elbo4j.kernel.importance.ImportanceKernels;
import io.github.elbo4j.kernel.likelihood.FusedLikelihoodKernels;
import io.github.elbo4j.kernel.likelihood.LevelsKernels;
import io.github.elbo4j.kernel.likelihood.LikelihoodKernels;
import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.kernel.optim.OptimKernels;
import io.github.elbo4j.kernel.pixels.PixelsKernels;
import io.github.elbo4j.kernel.random.RandomKernels;
import io.github.elbo4j.kernel.reduce.ReduceKernels;

/**
 * All kernel families of one implementation.
 *
 * @param name {@code simd} or {@code reference}
 */
public record Backend(
    String name,
    MemoryKernels memory,
    RandomKernels random,
    PixelsKernels pixels,
    GaussianKernels gaussian,
    CovarianceKernels covariance,
    CholeskyKernels cholesky,
    LikelihoodKernels likelihood,
    FusedLikelihoodKernels fusedLikelihood,
    LevelsKernels levels,
    FlowKernels flow,
    SylvesterKernels sylvester,
    CouplingKernels coupling,
    SplineKernels spline,
    ImportanceKernels importance,
    ConcreteKernels concrete,
    CategoricalKernels categorical,
    ScoreKernels score,
    CodebookKernels codebook,
    CorrelationKernels correlation,
    DiscrepancyKernels discrepancy,
    ProcessKernels process,
    DenseKernels dense,
    NormalizationKernels normalization,
    ConvolutionKernels convolution,
    ReduceKernels reduce,
    ComposeKernels compose,
    OptimKernels optim) {
  @Override
  public String toString() {
    return name;
  }
}
