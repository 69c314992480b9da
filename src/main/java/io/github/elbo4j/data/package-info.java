/**
 * Data sets as bytes: the embedded images, known names (downloaded once and checked), IDX files;
 * splits, shuffled batches and binarisation. Pixels stay bytes until a kernel reads them. Uses
 * nothing but the JDK and the counter-based generator of {@code kernel}.
 */
@NullMarked
package io.github.elbo4j.data;

import org.jspecify.annotations.NullMarked;
