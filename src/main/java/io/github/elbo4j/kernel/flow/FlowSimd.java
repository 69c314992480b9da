package io.github.elbo4j.kernel.flow;

/** {@link FlowKernels} on vectors. */
public final class FlowSimd extends FlowKernels {}
