/** Benchmarks of {@link io.github.elbo4j.kernel.divergence}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.divergence;

import org.jspecify.annotations.NullMarked;
