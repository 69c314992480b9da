/** Comparison of a backend with the reference on the machine at hand. */
@NullMarked
package io.github.elbo4j.kernel.selfcheck;

import org.jspecify.annotations.NullMarked;
