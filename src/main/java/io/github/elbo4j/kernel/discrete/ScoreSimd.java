package io.github.elbo4j.kernel.discrete;

/** {@link ScoreKernels} on vectors. */
public final class ScoreSimd extends ScoreKernels {}
