/** Inference in a trained model: what its data and its latents say of each other. */
@NullMarked
package io.github.elbo4j.vi.inference;

import org.jspecify.annotations.NullMarked;
