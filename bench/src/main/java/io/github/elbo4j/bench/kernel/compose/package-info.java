/** Benchmarks of {@link io.github.elbo4j.kernel.compose}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.compose;

import org.jspecify.annotations.NullMarked;
