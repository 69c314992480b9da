/** Benchmarks of {@link io.github.elbo4j.kernel.likelihood}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.likelihood;

import org.jspecify.annotations.NullMarked;
