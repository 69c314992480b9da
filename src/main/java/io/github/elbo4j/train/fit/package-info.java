/** Fits small models to tables: what {@code elbo4j fit} does with {@code vi.fit}. */
@NullMarked
package io.github.elbo4j.train.fit;

import org.jspecify.annotations.NullMarked;
