package io.github.elbo4j.kernel.flow;

/** {@link CouplingKernels} in double: the law. */
public final class CouplingReference extends CouplingKernels {}
