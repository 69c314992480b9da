/**
 * Benchmarks of {@link io.github.elbo4j.kernel.SimdMath} and {@link
 * io.github.elbo4j.kernel.SimdSpecial}.
 */
@NullMarked
package io.github.elbo4j.bench.kernel.math;

import org.jspecify.annotations.NullMarked;
