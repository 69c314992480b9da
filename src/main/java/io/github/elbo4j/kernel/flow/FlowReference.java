package io.github.elbo4j.kernel.flow;

/** {@link FlowKernels} in double: the law. */
public final class FlowReference extends FlowKernels {}
