package io.github.elbo4j.kernel.discrete;

/** Categorical distributions and sums over their categories (KERNELS.md §7). */
public abstract class CategoricalKernels {}
