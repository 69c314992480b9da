package io.github.elbo4j.nn;

import java.util.List;

/**
 * How the learning rate changes over a run: a pure function of the number of steps done. Its string
 * is the text that {@link #parse} reads.
 */
public sealed interface Schedule {
  /**
   * What the base learning rate is multiplied by.
   *
   * @param step number of steps done before this one, &gt;= 0
   * @param stepsPerEpoch &gt;= 1; only lengths in epochs depend on it
   */
  double factor(long step, int stepsPerEpoch);

  /** {@code base·factor}. */
  default double learningRate(double base, long step, int stepsPerEpoch) {
    return base * factor(step, stepsPerEpoch);
  }

  /**
   * Reads a schedule.
   *
   * <pre>
   * constant                      always the base
   * steps:1000=0.5,2000=0.1       0.5 of the base from step 1000 on, 0.1 of it from 2000 on
   * cosine:5000  cosine:5000:0.1  half a cosine from the base to 0, or to 0.1 of it
   * warmup:500                    a line up to the base in 500 steps
   * warmup:500+cosine:5000        the product of both, both counted from the first step
   * </pre>
   *
   * Every length is in steps, or in epochs with an {@code e} behind it: {@code steps:10e=0.5}.
   *
   * @throws IllegalArgumentException in one line, with what is wrong and what is possible
   */
  static Schedule parse(String text) {
    return ScheduleParser.parse(text);
  }

  /** Always the base learning rate. */
  static Schedule constant() {
    return new Constant();
  }

  /**
   * A length of time.
   *
   * @param count &gt;= 0
   * @param epochs whether in epochs, otherwise in steps
   */
  record Span(int count, boolean epochs) {
    public Span {
      require(count >= 0, "length", count, "must be >= 0");
    }

    /** So many steps. */
    public static Span steps(int count) {
      return new Span(count, false);
    }

    /** So many epochs. */
    public static Span epochs(int count) {
      return new Span(count, true);
    }

    /** In steps. */
    public long in(int stepsPerEpoch) {
      require(stepsPerEpoch >= 1, "stepsPerEpoch", stepsPerEpoch, "must be >= 1");
      return epochs ? (long) count * stepsPerEpoch : count;
    }

    @Override
    public String toString() {
      return epochs ? count + "e" : Integer.toString(count);
    }
  }

  /** Factor 1. */
  record Constant() implements Schedule {
    @Override
    public double factor(long step, int stepsPerEpoch) {
      return 1;
    }

    @Override
    public String toString() {
      return "constant";
    }
  }

  /**
   * One change of a step list.
   *
   * @param from first step with the factor
   * @param factor of the base learning rate, finite, &gt;= 0
   */
  record Change(Span from, double factor) {
    public Change {
      require(factor >= 0 && factor <= Double.MAX_VALUE, "factor", factor, "must be >= 0");
    }
  }

  /**
   * Factor 1, then that of the last change whose time has come.
   *
   * @param changes at least one, in order of time, all in steps or all in epochs
   */
  record Steps(List<Change> changes) implements Schedule {
    public Steps {
      changes = List.copyOf(changes);
      if (changes.isEmpty()) {
        throw new IllegalArgumentException("Schedule: a step list must have a change");
      }
      for (int i = 1; i < changes.size(); i++) {
        Span before = changes.get(i - 1).from();
        Span from = changes.get(i).from();
        if (from.epochs() != before.epochs() || from.count() <= before.count()) {
          throw new IllegalArgumentException(
              "Schedule: change at "
                  + from
                  + " must come after the one at "
                  + before
                  + ", both in steps or both in epochs");
        }
      }
    }

    @Override
    public double factor(long step, int stepsPerEpoch) {
      for (int i = changes.size() - 1; i >= 0; i--) {
        if (step >= changes.get(i).from().in(stepsPerEpoch)) {
          return changes.get(i).factor();
        }
      }
      return 1;
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder("steps:");
      for (Change c : changes) {
        text.append(text.length() > 6 ? "," : "").append(c.from()).append('=').append(c.factor());
      }
      return text.toString();
    }
  }

  /**
   * {@code floor + (1 − floor)·½( 1 + cos(π·step/length) )}, and {@code floor} from the end on
   * (Loshchilov and Hutter 2017, equation 5, without restarts).
   *
   * @param length &gt;= 1
   * @param floor in [0,1]
   */
  record Cosine(Span length, double floor) implements Schedule {
    public Cosine {
      require(length.count() >= 1, "cosine length", length.count(), "must be >= 1");
      require(floor >= 0 && floor <= 1, "cosine floor", floor, "must be in [0,1]");
    }

    @Override
    public double factor(long step, int stepsPerEpoch) {
      double done = Math.min(1, step / (double) length.in(stepsPerEpoch));
      return floor + (1 - floor) * 0.5 * (1 + StrictMath.cos(Math.PI * done));
    }

    @Override
    public String toString() {
      return "cosine:" + length + (floor == 0 ? "" : ":" + floor);
    }
  }

  /**
   * {@code min( 1, (step + 1)/length )}: the first step already moves.
   *
   * @param length &gt;= 1
   */
  record Warmup(Span length) implements Schedule {
    public Warmup {
      require(length.count() >= 1, "warmup length", length.count(), "must be >= 1");
    }

    @Override
    public double factor(long step, int stepsPerEpoch) {
      return Math.min(1, (step + 1) / (double) length.in(stepsPerEpoch));
    }

    @Override
    public String toString() {
      return "warmup:" + length;
    }
  }

  /**
   * The product of schedules, each counted from the first step.
   *
   * @param parts at least one, none itself a product
   */
  record Product(List<Schedule> parts) implements Schedule {
    public Product {
      parts = List.copyOf(parts);
      if (parts.isEmpty() || parts.stream().anyMatch(p -> p instanceof Product)) {
        throw new IllegalArgumentException(
            "Schedule: a product must have parts, none itself a product");
      }
    }

    @Override
    public double factor(long step, int stepsPerEpoch) {
      double factor = 1;
      for (int i = 0; i < parts.size(); i++) {
        factor *= parts.get(i).factor(step, stepsPerEpoch);
      }
      return factor;
    }

    @Override
    public String toString() {
      return String.join("+", parts.stream().map(Schedule::toString).toList());
    }
  }

  private static void require(boolean holds, String name, double value, String wanted) {
    if (!holds) {
      throw new IllegalArgumentException(
          "Schedule: " + name + " " + ScheduleParser.number(value) + " " + wanted);
    }
  }
}
