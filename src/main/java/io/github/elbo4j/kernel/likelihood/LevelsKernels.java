package io.github.elbo4j.kernel.likelihood;

/** Likelihoods of data that takes one of C levels (KERNELS.md §3). */
public abstract class LevelsKernels {}
