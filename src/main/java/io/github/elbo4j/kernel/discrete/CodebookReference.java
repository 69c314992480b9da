package io.github.elbo4j.kernel.discrete;

/** {@link CodebookKernels} in double: the law. */
public final class CodebookReference extends CodebookKernels {}
