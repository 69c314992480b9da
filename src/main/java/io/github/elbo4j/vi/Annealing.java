package io.github.elbo4j.vi;

/**
 * A factor that grows from 0 to 1 over the first steps (Sønderby et al. 2016), or again in every
 * cycle (Fu et al. 2019):
 *
 * <pre>
 * factor(t) = min(1, t / growing)                     without a period
 * factor(t) = min(1, (t mod period) / growing)        with one
 * </pre>
 *
 * @param growing steps over which it grows; 0 for a constant 1
 * @param period steps of a cycle, at least {@code growing}; 0 for no cycles
 */
public record Annealing(long growing, long period) {
  /** Always 1. */
  public static final Annealing NONE = new Annealing(0, 0);

  private static final String FORM = "EPOCHS or cyclical:EPOCHS[:FRACTION]";

  public Annealing {
    if (growing < 0 || period < 0 || (period > 0 && period < growing)) {
      throw new IllegalArgumentException(
          "Annealing: growing %d and period %d must be >= 0, and a period not below growing"
              .formatted(growing, period));
    }
  }

  /** Linear over so many steps. */
  public static Annealing linear(long steps) {
    return new Annealing(steps, 0);
  }

  /**
   * Reads {@code EPOCHS}, or {@code cyclical:EPOCHS[:FRACTION]}: cycles of so many epochs, of which
   * the first fraction (0.5) grows.
   *
   * @throws IllegalArgumentException naming what is possible
   */
  public static Annealing parse(String text, int stepsPerEpoch) {
    SpecText spec = SpecText.of("warmup", text);
    if (spec.name().equals("cyclical")) {
      spec.expect(1, 2, FORM);
      long period = (long) spec.integer(0, 1, FORM) * stepsPerEpoch;
      double fraction = spec.number(1, 0, FORM, 0.5);
      if (fraction > 1) {
        throw spec.refusal("must have a FRACTION of at most 1 in " + FORM);
      }
      return new Annealing(Math.round(fraction * period), period);
    }
    try {
      int epochs = Integer.parseInt(text);
      if (epochs >= 0) {
        return linear((long) epochs * stepsPerEpoch);
      }
    } catch (NumberFormatException e) {
      // Falls through to the message below, which names the forms.
    }
    throw spec.refusal("must be " + FORM + " with whole numbers of epochs");
  }

  /** Whether it is not always 1. */
  public boolean changes() {
    return growing > 0;
  }

  /** The factor at a step. */
  public double at(long step) {
    long t = period == 0 ? step : step % period;
    return t >= growing ? 1 : (double) t / growing;
  }
}
