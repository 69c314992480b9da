package io.github.elbo4j.kernel.divergence;

/** ARD kernel matrices and Gaussian process conditionals (KERNELS.md §8). */
public abstract class ProcessKernels {}
