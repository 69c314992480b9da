package io.github.elbo4j.kernel.likelihood;

/** {@link LevelsKernels} in double: the law. */
public final class LevelsReference extends LevelsKernels {}
