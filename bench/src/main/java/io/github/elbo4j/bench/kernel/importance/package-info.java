/** Benchmarks of {@link io.github.elbo4j.kernel.importance}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.importance;

import org.jspecify.annotations.NullMarked;
