package io.github.elbo4j.kernel.discrete;

/** Gumbel-max, Concrete and binary Concrete latents (KERNELS.md §7). */
public abstract class ConcreteKernels {}
