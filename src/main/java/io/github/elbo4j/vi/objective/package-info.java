/** Objectives and the estimators of their gradients, by name. */
@NullMarked
package io.github.elbo4j.vi.objective;

import org.jspecify.annotations.NullMarked;
