/** Unsigned bytes as numbers in [0,1], and as binary draws. */
@NullMarked
package io.github.elbo4j.kernel.pixels;

import org.jspecify.annotations.NullMarked;
