/** Discrete latents, KERNELS.md §7. */
@NullMarked
package io.github.elbo4j.kernel.discrete;

import org.jspecify.annotations.NullMarked;
