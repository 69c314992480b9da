/** Normalizing flows of latents, for posteriors and priors. */
@NullMarked
package io.github.elbo4j.vi.flow;

import org.jspecify.annotations.NullMarked;
