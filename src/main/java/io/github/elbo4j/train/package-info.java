/** The reference trainer and the file formats of its run folder. */
@NullMarked
package io.github.elbo4j.train;

import org.jspecify.annotations.NullMarked;
