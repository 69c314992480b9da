/** Dense layers: the matrix product with bias and activation fused, and its gradients. */
@NullMarked
package io.github.elbo4j.kernel.dense;

import org.jspecify.annotations.NullMarked;
