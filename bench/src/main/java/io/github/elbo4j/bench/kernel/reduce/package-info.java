/** Benchmarks of {@link io.github.elbo4j.kernel.reduce}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.reduce;

import org.jspecify.annotations.NullMarked;
