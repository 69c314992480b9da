/** Benchmarks of {@link io.github.elbo4j.kernel.memory}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.memory;

import org.jspecify.annotations.NullMarked;
