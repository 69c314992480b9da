/** Benchmarks of {@link io.github.elbo4j.kernel.gaussian}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.gaussian;

import org.jspecify.annotations.NullMarked;
