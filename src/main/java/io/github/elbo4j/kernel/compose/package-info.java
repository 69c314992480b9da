/** The small pieces that put fused kernels together into models. */
@NullMarked
package io.github.elbo4j.kernel.compose;

import org.jspecify.annotations.NullMarked;
