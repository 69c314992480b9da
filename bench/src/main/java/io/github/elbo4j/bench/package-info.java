/**
 * What every measurement says about itself: the machine, the JDK, the commit, and where it is
 * written.
 */
@NullMarked
package io.github.elbo4j.bench;

import org.jspecify.annotations.NullMarked;
