/** Parameters, initialisers, the optimiser with its schedules, and layers. */
@NullMarked
package io.github.elbo4j.nn;

import org.jspecify.annotations.NullMarked;
