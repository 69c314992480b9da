/**
 * Variational inference as composable objects: posteriors, priors, likelihoods, objectives, and the
 * VAE they make.
 */
@NullMarked
package io.github.elbo4j.vi;

import org.jspecify.annotations.NullMarked;
