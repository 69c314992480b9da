package io.github.elbo4j.kernel.dense;

/** {@link NormalizationKernels} in double: the law. */
public final class NormalizationReference extends NormalizationKernels {}
