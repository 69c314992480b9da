/** What measurements of kernels say: rows, tables, files, and the comparison of two files. */
@NullMarked
package io.github.elbo4j.bench.report;

import org.jspecify.annotations.NullMarked;
