/** Normalizing flows, KERNELS.md §5. */
@NullMarked
package io.github.elbo4j.kernel.flow;

import org.jspecify.annotations.NullMarked;
