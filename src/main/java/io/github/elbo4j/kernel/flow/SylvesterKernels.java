package io.github.elbo4j.kernel.flow;

/** The Sylvester flow in its Householder form (KERNELS.md §5; van den Berg et al. 2018). */
public abstract class SylvesterKernels {}
