/** A thin tape over the fused kernels: one node an operation, buffers from a rewound arena. */
@NullMarked
package io.github.elbo4j.autodiff;

import org.jspecify.annotations.NullMarked;
