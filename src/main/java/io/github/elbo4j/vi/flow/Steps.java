package io.github.elbo4j.vi.flow;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Flows in a row, the first one's output into the second. */
final class Steps implements Flow {
  private final Flow[] steps;

  Steps(Flow... steps) {
    this.steps = steps;
  }

  @Override
  public Var forward(Tape tape, Var z, @Nullable Var h, Var logDet) {
    Var v = z;
    for (Flow step : steps) {
      v = step.forward(tape, v, h, logDet);
    }
    return v;
  }

  @Override
  public Var inverse(Tape tape, Var moved, @Nullable Var h, Var logDet) {
    Var v = moved;
    for (int i = steps.length - 1; i >= 0; i--) {
      v = steps[i].inverse(tape, v, h, logDet);
    }
    return v;
  }

  @Override
  public boolean invertible() {
    for (Flow step : steps) {
      if (!step.invertible()) {
        return false;
      }
    }
    return true;
  }

  @Override
  public Flow detached() {
    return new Steps(Arrays.stream(steps).map(Flow::detached).toArray(Flow[]::new));
  }
}
