package io.github.elbo4j.kernel.flow;

/** {@link SylvesterKernels} in double: the law. */
public final class SylvesterReference extends SylvesterKernels {}
