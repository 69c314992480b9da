package io.github.elbo4j.kernel.divergence;

/** {@link DiscrepancyKernels} on vectors. */
public final class DiscrepancySimd extends DiscrepancyKernels {}
