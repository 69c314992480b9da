/** Benchmarks of {@link io.github.elbo4j.kernel.covariance}, and what they are compared with. */
@NullMarked
package io.github.elbo4j.bench.kernel.covariance;

import org.jspecify.annotations.NullMarked;
