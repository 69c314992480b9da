/** What every family's tests are made of: cases, fixtures, tolerances, gradient checks. */
@NullMarked
package io.github.elbo4j.testkit;

import org.jspecify.annotations.NullMarked;
