package io.github.elbo4j.kernel.likelihood;

/** {@link LevelsKernels} on vectors. */
public final class LevelsSimd extends LevelsKernels {}
