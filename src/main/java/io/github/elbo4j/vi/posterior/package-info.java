/** Approximate posteriors by name. */
@NullMarked
package io.github.elbo4j.vi.posterior;

import org.jspecify.annotations.NullMarked;
