/** Benchmarks of {@link io.github.elbo4j.kernel.flow}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.flow;

import org.jspecify.annotations.NullMarked;
