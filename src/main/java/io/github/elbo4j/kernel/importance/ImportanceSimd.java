package io.github.elbo4j.kernel.importance;

/** {@link ImportanceKernels} on vectors. */
public final class ImportanceSimd extends ImportanceKernels {}
