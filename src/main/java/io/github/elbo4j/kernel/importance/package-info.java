/** Importance weights, KERNELS.md §6. */
@NullMarked
package io.github.elbo4j.kernel.importance;

import org.jspecify.annotations.NullMarked;
