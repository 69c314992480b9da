package io.github.elbo4j.kernel.covariance;

/** Batched Cholesky factors, solves and determinants (KERNELS.md §4b). */
public abstract class CholeskyKernels {}
