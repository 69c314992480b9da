package io.github.elbo4j.kernel.divergence;

/** {@link ProcessKernels} on vectors. */
public final class ProcessSimd extends ProcessKernels {}
