/** The optimiser: one fused sweep over a flat parameter buffer. */
@NullMarked
package io.github.elbo4j.kernel.optim;

import org.jspecify.annotations.NullMarked;
