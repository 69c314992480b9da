/**
 * JMH benchmarks: a class a kernel family, each checked against the reference before its time
 * counts.
 */
@NullMarked
package io.github.elbo4j.bench.kernel;

import org.jspecify.annotations.NullMarked;
