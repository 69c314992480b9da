package io.github.elbo4j.kernel.discrete;

/** {@link CategoricalKernels} in double: the law. */
public final class CategoricalReference extends CategoricalKernels {}
