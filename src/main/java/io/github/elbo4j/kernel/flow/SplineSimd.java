package io.github.elbo4j.kernel.flow;

/** {@link SplineKernels} on vectors. */
public final class SplineSimd extends SplineKernels {}
