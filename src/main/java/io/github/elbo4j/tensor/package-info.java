/** Shapes, storage and tensors: what a kernel reads and writes. */
@NullMarked
package io.github.elbo4j.tensor;

import org.jspecify.annotations.NullMarked;
