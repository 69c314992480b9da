/**
 * One command that says how the CUDA backend does on the GPU of this machine: bench/README.md, "A
 * machine with a GPU". Each part is a process of its own, so that a fault in one leaves the others.
 */
@NullMarked
package io.github.elbo4j.bench.gpu;

import org.jspecify.annotations.NullMarked;
