package io.github.elbo4j.kernel.discrete;

/** {@link CategoricalKernels} on vectors. */
public final class CategoricalSimd extends CategoricalKernels {}
