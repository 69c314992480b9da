package io.github.elbo4j.kernel.dense;

/** Softmax, batch and layer normalisation (KERNELS.md §9). */
public abstract class NormalizationKernels {}
