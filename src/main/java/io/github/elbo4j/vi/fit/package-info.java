/**
 * Approximate posteriors of small models, in double: coordinate ascent, EM and stochastic
 * variational inference for mixtures; Laplace, ADVI, Stein variational gradient descent and
 * boosting for any {@link LogJoint}; SVRG for the mode of a sum. Gradients are written by hand.
 *
 * <p>In double and not on the kernels: the answers are compared with exact posteriors to many
 * digits, and a few thousand numbers a step are no work for a device.
 */
@NullMarked
package io.github.elbo4j.vi.fit;

import org.jspecify.annotations.NullMarked;
