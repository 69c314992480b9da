package io.github.elbo4j.tensor;

/**
 * Where a tensor's elements live. Host memory is the only place so far; a device backend adds its
 * record here, and the compiler then names every place that has to know.
 */
public sealed interface Storage permits HostStorage {}
