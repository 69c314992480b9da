package io.github.elbo4j.kernel.flow;

/** {@link SylvesterKernels} on vectors. */
public final class SylvesterSimd extends SylvesterKernels {}
