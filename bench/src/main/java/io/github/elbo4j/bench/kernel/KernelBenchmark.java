package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * The benchmarks of one kernel family. After measuring, and in the measuring process, each is run
 * once more on fresh arguments and compared with the reference, so that a wrong kernel has no time.
 * (After, because the reference's classes would otherwise change how C2 compiles the calls.)
 */
public abstract class KernelBenchmark extends TimedBenchmark {
  /** {@code simd}, or with {@code -p backend=reference} the law itself. */
  @Param("simd")
  public String backend = "simd";

  /** The kernels to call. */
  protected Backend k = Backends.simd();

  /** Makes the arguments of all benchmarks of the class. */
  protected abstract void prepare(Numbers numbers);

  /** What a call of the benchmark of that name works on, once prepared. */
  protected abstract Work work(String benchmark);

  /**
   * A smaller shape to compare with the reference, for one that the reference needs minutes for.
   */
  protected String verifiedShape(String shape) {
    return shape;
  }

  @Override
  public final void setUp() {
    setUp(new Numbers());
  }

  /** Makes the arguments of other numbers. */
  public final void setUp(Numbers numbers) {
    k = Backends.choose(backend);
    prepare(numbers);
  }

  /** What a call of the benchmark of that name works on. */
  public final Work workOf(String benchmark) {
    return work(benchmark);
  }

  /** Fails when this benchmark does not compute what the reference computes. */
  @TearDown(Level.Trial)
  public void verify(BenchmarkParams params) {
    String method = method(params.getBenchmark());
    Map<String, String> values = verifiedValues(values(params));
    Class<? extends KernelBenchmark> type = written().asSubclass(KernelBenchmark.class);
    called(type, method, values).assertMatches(reference(type, method, values));
  }

  /** The values to verify with. */
  final Map<String, String> verifiedValues(Map<String, String> values) {
    Map<String, String> smaller = new TreeMap<>(values);
    smaller.computeIfPresent("shape", (_, shape) -> verifiedShape(shape));
    return smaller;
  }

  /** The work of a benchmark with these values, not run. */
  static Work work(
      Class<? extends KernelBenchmark> type, String method, Map<String, String> values) {
    KernelBenchmark fresh = create(type, values);
    fresh.setUp();
    return fresh.work(method);
  }

  /** The work of one call of the reference. */
  static Work reference(
      Class<? extends KernelBenchmark> type, String method, Map<String, String> values) {
    Map<String, String> asked = new TreeMap<>(values);
    asked.put("backend", "reference");
    return called(type, method, asked);
  }

  private static Work called(
      Class<? extends KernelBenchmark> type, String method, Map<String, String> values) {
    KernelBenchmark fresh = create(type, values);
    fresh.setUp();
    fresh.call(method);
    return fresh.work(method);
  }
}
