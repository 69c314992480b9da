package io.github.elbo4j.kernel.flow;

/** Rational-quadratic spline coupling (KERNELS.md §5; Durkan et al. 2019). */
public abstract class SplineKernels {}
