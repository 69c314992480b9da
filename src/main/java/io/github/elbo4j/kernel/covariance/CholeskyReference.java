package io.github.elbo4j.kernel.covariance;

/** {@link CholeskyKernels} in double: the law. */
public final class CholeskyReference extends CholeskyKernels {}
