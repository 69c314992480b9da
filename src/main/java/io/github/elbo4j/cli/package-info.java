/** The command line: one class a command, no logic of its own. */
@NullMarked
package io.github.elbo4j.cli;

import org.jspecify.annotations.NullMarked;
