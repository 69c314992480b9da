package io.github.elbo4j.kernel.discrete;

/** Pieces of score-function estimators (KERNELS.md §7). */
public abstract class ScoreKernels {}
