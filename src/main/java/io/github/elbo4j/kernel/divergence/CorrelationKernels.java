package io.github.elbo4j.kernel.divergence;

/** Minibatch total correlation (KERNELS.md §8; Chen et al. 2018). */
public abstract class CorrelationKernels {}
