package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.bench.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * The forks of one case. JMH would run them one after the other, minutes away from those of the
 * peer; here each fork is a run of JMH, so that ours and the peers can take turns and a slow minute
 * of the machine hits all of them.
 */
final class Measurement {
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  private final Case measured;
  private final List<Double> nanos = new ArrayList<>();
  private double allocated;

  Measurement(Case measured) {
    this.measured = measured;
  }

  Case measured() {
    return measured;
  }

  /** Nanoseconds a call, one value a fork. */
  List<Double> nanos() {
    return nanos;
  }

  /** Bytes a call, the most of any fork. */
  double allocated() {
    return allocated;
  }

  /** Measures in one more process. */
  void fork(Options given) throws RunnerException {
    RunResult result =
        new Runner(
                only(measured, given)
                    .forks(1)
                    .addProfiler(GCProfiler.class)
                    .verbosity(given.verbosity().orElse(VerboseMode.SILENT))
                    .build())
            .runSingle();
    for (BenchmarkResult fork : result.getBenchmarkResults()) {
      nanos.add(
          Spread.of(
                  fork.getIterationResults().stream()
                      .mapToDouble(iteration -> iteration.getPrimaryResult().getScore())
                      .toArray())
              .median());
    }
    Result<?> bytes = result.getSecondaryResults().get(ALLOCATED);
    allocated = Math.max(allocated, bytes == null ? Double.NaN : bytes.getScore());
  }

  /** JMH's options for one case; those given name no benchmark. */
  static ChainedOptionsBuilder only(Case one, Options given) {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .parent(given)
            .include("^" + Pattern.quote(one.benchmark()) + "$")
            .shouldFailOnError(true);
    one.values().forEach(options::param);
    return options;
  }
}
