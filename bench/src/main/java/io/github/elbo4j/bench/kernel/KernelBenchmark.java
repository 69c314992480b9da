package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * The benchmarks of one kernel family. After measuring, and in the measuring process, each is run
 * once more on fresh arguments and compared with the reference, so that a wrong kernel has no time.
 * (After, because the reference's classes would otherwise change how C2 compiles the calls.)
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public abstract class KernelBenchmark {
  /** {@code simd}, or with {@code -p backend=reference} the law itself. */
  @Param("simd")
  public String backend = "simd";

  /** The kernels to call. */
  protected Backend k = Backends.simd();

  /** Makes the arguments of all benchmarks of the class. */
  abstract void prepare(Numbers numbers);

  /** What a call of the benchmark of that name works on, once prepared. */
  abstract Work work(String benchmark);

  /** Makes the arguments. */
  @Setup(Level.Trial)
  public void setUp() {
    k = Backends.choose(backend);
    prepare(new Numbers());
  }

  /** Fails when this benchmark does not compute what the reference computes. */
  @TearDown(Level.Trial)
  public void verify(BenchmarkParams params) {
    called(params, backend).assertMatches(called(params, "reference"));
  }

  /** The work of the benchmark with these parameters, not run. */
  static Work work(BenchmarkParams params) {
    KernelBenchmark benchmark = prepared(params, params.getParam("backend"));
    return benchmark.work(methodName(params));
  }

  private static Work called(BenchmarkParams params, String backend) {
    KernelBenchmark fresh = prepared(params, backend);
    try {
      fresh.getClass().getMethod(methodName(params)).invoke(fresh);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(params.getBenchmark() + " failed", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a benchmark is a public method without arguments", e);
    }
    return fresh.work(methodName(params));
  }

  private static KernelBenchmark prepared(BenchmarkParams params, String backend) {
    String name = params.getBenchmark();
    try {
      Class<?> type = Class.forName(name.substring(0, name.lastIndexOf('.')));
      KernelBenchmark fresh = (KernelBenchmark) type.getDeclaredConstructor().newInstance();
      for (Field field : type.getFields()) {
        if (field.isAnnotationPresent(Param.class)) {
          field.set(fresh, params.getParam(field.getName()));
        }
      }
      fresh.backend = backend;
      fresh.setUp();
      return fresh;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(name + ": parameters must be public strings", e);
    }
  }

  private static String methodName(BenchmarkParams params) {
    return params.getBenchmark().substring(params.getBenchmark().lastIndexOf('.') + 1);
  }
}
