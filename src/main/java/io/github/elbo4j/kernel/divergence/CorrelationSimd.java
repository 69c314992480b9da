package io.github.elbo4j.kernel.divergence;

/** {@link CorrelationKernels} on vectors. */
public final class CorrelationSimd extends CorrelationKernels {}
