package io.github.elbo4j.kernel.importance;

/** {@link ImportanceKernels} in double: the law. */
public final class ImportanceReference extends ImportanceKernels {}
