package io.github.elbo4j.kernel.importance;

/** Bounds from importance weights (KERNELS.md §6). */
public abstract class ImportanceKernels {}
