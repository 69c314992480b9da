package io.github.elbo4j.kernel.flow;

/** {@link SplineKernels} in double: the law. */
public final class SplineReference extends SplineKernels {}
