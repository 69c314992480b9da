/** Benchmarks of {@link io.github.elbo4j.kernel.discrete}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.discrete;

import org.jspecify.annotations.NullMarked;
