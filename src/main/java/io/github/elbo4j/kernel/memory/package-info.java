/** Where the elements of a backend's tensors come from, and moving them about. */
@NullMarked
package io.github.elbo4j.kernel.memory;

import org.jspecify.annotations.NullMarked;
