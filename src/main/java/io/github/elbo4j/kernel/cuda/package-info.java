/** The CUDA driver through JCuda: device, memory, kernels, and the way of a hook's arguments. */
@NullMarked
package io.github.elbo4j.kernel.cuda;

import org.jspecify.annotations.NullMarked;
