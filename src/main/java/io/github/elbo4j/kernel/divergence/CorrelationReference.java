package io.github.elbo4j.kernel.divergence;

/** {@link CorrelationKernels} in double: the law. */
public final class CorrelationReference extends CorrelationKernels {}
