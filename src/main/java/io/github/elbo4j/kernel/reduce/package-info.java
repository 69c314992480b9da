/** Reductions of per-example terms to the scalar objective. */
@NullMarked
package io.github.elbo4j.kernel.reduce;

import org.jspecify.annotations.NullMarked;
