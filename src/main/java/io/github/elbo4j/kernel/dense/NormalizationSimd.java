package io.github.elbo4j.kernel.dense;

/** {@link NormalizationKernels} on vectors. */
public final class NormalizationSimd extends NormalizationKernels {}
