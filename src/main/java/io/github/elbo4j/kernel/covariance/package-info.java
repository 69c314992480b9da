/** Gaussians with a full covariance, KERNELS.md §4. */
@NullMarked
package io.github.elbo4j.kernel.covariance;

import org.jspecify.annotations.NullMarked;
