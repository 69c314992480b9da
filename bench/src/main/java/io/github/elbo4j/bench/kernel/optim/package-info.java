/** Benchmarks of {@link io.github.elbo4j.kernel.optim}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.optim;

import org.jspecify.annotations.NullMarked;
