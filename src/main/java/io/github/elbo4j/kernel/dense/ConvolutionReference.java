package io.github.elbo4j.kernel.dense;

/** {@link ConvolutionKernels} in double: the law. */
public final class ConvolutionReference extends ConvolutionKernels {}
