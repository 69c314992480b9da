package io.github.elbo4j.kernel.divergence;

/** {@link ProcessKernels} in double: the law. */
public final class ProcessReference extends ProcessKernels {}
