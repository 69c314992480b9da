/** The diagonal Gaussian: reparameterised samples, log densities and KL divergences. */
@NullMarked
package io.github.elbo4j.kernel.gaussian;

import org.jspecify.annotations.NullMarked;
