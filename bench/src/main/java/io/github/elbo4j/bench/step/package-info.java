/** One training step of the classic VAE, beside the same step of libtorch. */
@NullMarked
package io.github.elbo4j.bench.step;

import org.jspecify.annotations.NullMarked;
