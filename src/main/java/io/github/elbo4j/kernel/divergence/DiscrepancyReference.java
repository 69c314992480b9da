package io.github.elbo4j.kernel.divergence;

/** {@link DiscrepancyKernels} in double: the law. */
public final class DiscrepancyReference extends DiscrepancyKernels {}
