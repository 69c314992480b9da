package io.github.elbo4j.kernel.flow;

/** {@link CouplingKernels} on vectors. */
public final class CouplingSimd extends CouplingKernels {}
