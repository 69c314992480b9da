package io.github.elbo4j.kernel.discrete;

/** Nearest entries of a codebook (KERNELS.md §7). */
public abstract class CodebookKernels {}
