package io.github.elbo4j.bench.kernel;

import java.util.Collection;
import java.util.Locale;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/** Results of JMH as a Markdown table with the rates that matter for a kernel. */
final class Table {
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  /** Bytes a call that the profiler's own noise stays below; one boxed vector is more. */
  private static final double NOISE = 64;

  private Table() {}

  static String of(Collection<RunResult> results) {
    StringBuilder text =
        new StringBuilder(
            """
            | kernel | shape | backend | ns/call | ± | ns/element | GB/s | GFLOP/s | B/call |
            |---|---|---|---|---|---|---|---|---|
            """);
    results.forEach(result -> text.append(row(result)));
    return text.toString();
  }

  private static String row(RunResult result) {
    BenchmarkParams params = result.getParams();
    Work work = KernelBenchmark.work(params);
    double nanos = result.getPrimaryResult().getScore();
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %.0f | %s | %.3f | %.1f | %s | %.0f |%n",
        name(params),
        shape(params),
        params.getParam("backend"),
        nanos,
        whole(result.getPrimaryResult().getScoreError()),
        nanos / work.elements(),
        work.bytes() / nanos,
        work.flops() == 0 ? "" : whole(work.flops() / nanos),
        allocated(result));
  }

  /** Rounded; empty where JMH had too few iterations to say. */
  private static String whole(double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.0f", value);
  }

  /** Names of SIMD benchmarks whose calls allocate: they have failed. */
  static Collection<String> allocating(Collection<RunResult> results) {
    return results.stream()
        .filter(result -> result.getParams().getParam("backend").equals("simd"))
        .filter(result -> allocated(result) > noise(result))
        .map(result -> name(result.getParams()) + " " + shape(result.getParams()))
        .toList();
  }

  /** JMH's own few hundred bytes an iteration weigh more where few calls fit into one. */
  private static double noise(RunResult result) {
    return Math.max(NOISE, result.getPrimaryResult().getScore() * 1e-4);
  }

  private static double allocated(RunResult result) {
    Result<?> r = result.getSecondaryResults().get(ALLOCATED);
    return r == null ? Double.NaN : r.getScore();
  }

  /** {@code family.method}. */
  private static String name(BenchmarkParams params) {
    String[] parts = params.getBenchmark().split("\\.", -1);
    String family = parts[parts.length - 2].replace("Benchmark", "");
    return family.toLowerCase(Locale.ROOT) + "." + parts[parts.length - 1];
  }

  private static String shape(BenchmarkParams params) {
    StringBuilder shape = new StringBuilder(params.getParam("shape"));
    for (String key : params.getParamsKeys()) {
      if (!key.equals("shape") && !key.equals("backend")) {
        shape.append(' ').append(params.getParam(key));
      }
    }
    return shape.toString();
  }
}
