package io.github.elbo4j.nn;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;

/** A function of rows with parameters of its own. */
@FunctionalInterface
public interface Network {
  /** x [R,in] to [R,out]. */
  Var forward(Tape tape, Var x);
}
