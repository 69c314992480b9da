package io.github.elbo4j.kernel.flow;

/** Planar, radial and Householder flows (KERNELS.md §5). */
public abstract class FlowKernels {}
