/** Terms of an objective that compare samples, KERNELS.md §8. */
@NullMarked
package io.github.elbo4j.kernel.divergence;

import org.jspecify.annotations.NullMarked;
