package io.github.elbo4j.kernel.flow;

/** Coupling and autoregressive flows (KERNELS.md §5). */
public abstract class CouplingKernels {}
