package io.github.elbo4j.kernel.divergence;

/** Maximum mean discrepancy (KERNELS.md §8). */
public abstract class DiscrepancyKernels {}
