/** Benchmarks of {@link io.github.elbo4j.kernel.pixels}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.pixels;

import org.jspecify.annotations.NullMarked;
