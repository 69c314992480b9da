package io.github.elbo4j.kernel.covariance;

/** The Gaussian posterior with a full covariance, given by its Cholesky factor (KERNELS.md §4a). */
public abstract class CovarianceKernels {}
