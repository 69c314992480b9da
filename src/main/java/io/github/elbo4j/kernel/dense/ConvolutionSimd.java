package io.github.elbo4j.kernel.dense;

/** {@link ConvolutionKernels} on vectors. */
public final class ConvolutionSimd extends ConvolutionKernels {}
