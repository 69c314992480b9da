/** Philox noise: bits, uniforms and normals, the same on every backend. */
@NullMarked
package io.github.elbo4j.kernel.random;

import org.jspecify.annotations.NullMarked;
