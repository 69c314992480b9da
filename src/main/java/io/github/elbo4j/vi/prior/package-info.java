/** Priors by name. */
@NullMarked
package io.github.elbo4j.vi.prior;

import org.jspecify.annotations.NullMarked;
