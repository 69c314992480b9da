package io.github.elbo4j.kernel.discrete;

/** {@link ConcreteKernels} on vectors. */
public final class ConcreteSimd extends ConcreteKernels {}
