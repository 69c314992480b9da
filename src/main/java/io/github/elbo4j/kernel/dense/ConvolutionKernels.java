package io.github.elbo4j.kernel.dense;

/** Two-dimensional convolution and its transpose (KERNELS.md §9). */
public abstract class ConvolutionKernels {}
