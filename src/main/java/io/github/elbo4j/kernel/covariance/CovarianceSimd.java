package io.github.elbo4j.kernel.covariance;

/** {@link CovarianceKernels} on vectors. */
public final class CovarianceSimd extends CovarianceKernels {}
