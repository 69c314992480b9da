package io.github.elbo4j.kernel.covariance;

/** {@link CovarianceKernels} in double: the law. */
public final class CovarianceReference extends CovarianceKernels {}
