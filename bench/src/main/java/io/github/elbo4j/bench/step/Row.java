package io.github.elbo4j.bench.step;

import io.github.elbo4j.bench.Spread;
import io.github.elbo4j.train.JsonLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** All processes of one contender with one number of threads. */
final class Row {
  private final Contender contender;
  private final int threads;
  private final List<ChildProcess.Outcome> outcomes = new ArrayList<>();

  Row(Contender contender, int threads) {
    this.contender = contender;
    this.threads = threads;
  }

  void add(ChildProcess.Outcome outcome) {
    outcomes.add(outcome);
  }

  Contender contender() {
    return contender;
  }

  int threads() {
    return threads;
  }

  /** Milliseconds a step of each process, in the order they ran. */
  Spread millis() {
    return Spread.of(values(Sample::millis));
  }

  double firstLoss() {
    return Spread.of(values(Sample::firstLoss)).median();
  }

  double laterLoss() {
    return Spread.of(values(Sample::laterLoss)).median();
  }

  /**
   * How many times as long as {@code ours} a step of this row takes: the ratio of the medians, and
   * the least and greatest ratio of two processes that ran in the same turn.
   */
  Spread ratioTo(Row ours) {
    double[] mine = values(Sample::millis);
    double[] other = ours.values(Sample::millis);
    double[] ratios = new double[mine.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = mine[i] / other[i];
    }
    Spread turns = Spread.of(ratios);
    return new Spread(millis().median() / ours.millis().median(), turns.min(), turns.max());
  }

  String toMarkdown(Row ours) {
    Spread t = millis();
    Spread ratio = ratioTo(ours);
    return String.format(
        Locale.ROOT,
        "| %s | %d | %.3f (%.3f … %.3f) | %s | %.1f | %.1f → %.1f | %s |%n",
        contender.name(),
        threads,
        t.median(),
        t.min(),
        t.max(),
        ours == this
            ? "1"
            : String.format(
                Locale.ROOT, "**%.2f** (%.2f … %.2f)", ratio.median(), ratio.min(), ratio.max()),
        Spread.of(values(Sample::cores)).median(),
        firstLoss(),
        laterLoss(),
        blasCore());
  }

  JsonLine toJson(Row ours) {
    Spread t = millis();
    Spread ratio = ratioTo(ours);
    List<JsonLine> processes =
        outcomes.stream()
            .map(ChildProcess.Outcome::sample)
            .map(s -> new JsonLine().put("ms", s.millis()).put("min", s.min()).put("max", s.max()))
            .toList();
    JsonLine environment = new JsonLine();
    contender.environment().forEach(environment::put);
    return new JsonLine()
        .put("contender", contender.name())
        .put("threads", threads)
        .put("environment", environment)
        .put("msPerStep", t.median())
        .put("msMin", t.min())
        .put("msMax", t.max())
        .put("ratioToElbo4j", ratio.median())
        .put("ratioMin", ratio.min())
        .put("ratioMax", ratio.max())
        .put("coresBusy", Spread.of(values(Sample::cores)).median())
        .put("firstLoss", firstLoss())
        .put("lossAfter" + StepTimer.LEARNING_STEPS, laterLoss())
        .put("blasCore", blasCore())
        .put("processes", processes);
  }

  private String blasCore() {
    return outcomes.getFirst().blasCore();
  }

  private double[] values(ToDoubleFunction<Sample> what) {
    return outcomes.stream().map(ChildProcess.Outcome::sample).mapToDouble(what).toArray();
  }
}
