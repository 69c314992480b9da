/** Log-likelihoods of data given what a decoder puts out: Bernoulli and Gaussian. */
@NullMarked
package io.github.elbo4j.kernel.likelihood;

import org.jspecify.annotations.NullMarked;
