package io.github.elbo4j.kernel.discrete;

/** {@link CodebookKernels} on vectors. */
public final class CodebookSimd extends CodebookKernels {}
