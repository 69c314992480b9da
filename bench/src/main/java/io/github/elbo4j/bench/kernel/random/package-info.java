/** Benchmarks of {@link io.github.elbo4j.kernel.random}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.random;

import org.jspecify.annotations.NullMarked;
