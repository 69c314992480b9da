/** Benchmarks of {@link io.github.elbo4j.kernel.dense}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.dense;

import org.jspecify.annotations.NullMarked;
