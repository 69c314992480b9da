package io.github.elbo4j.kernel.covariance;

/** {@link CholeskyKernels} on vectors. */
public final class CholeskySimd extends CholeskyKernels {}
