package io.github.elbo4j.kernel.discrete;

/** {@link ScoreKernels} in double: the law. */
public final class ScoreReference extends ScoreKernels {}
