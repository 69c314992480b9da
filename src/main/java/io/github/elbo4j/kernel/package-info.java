/** The kernel seam: backends, their choice, and what the kernel families share. */
@NullMarked
package io.github.elbo4j.kernel;

import org.jspecify.annotations.NullMarked;
