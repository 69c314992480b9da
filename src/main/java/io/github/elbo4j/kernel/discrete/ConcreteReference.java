package io.github.elbo4j.kernel.discrete;

/** {@link ConcreteKernels} in double: the law. */
public final class ConcreteReference extends ConcreteKernels {}
