package io.github.elbo4j.bench.kernel;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.util.Map;
import java.util.TreeMap;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/** How ours and the peers are timed: alike. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(5)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public abstract class TimedBenchmark {
  /** Makes the arguments of every benchmark of the class. */
  @Setup(Level.Trial)
  public abstract void setUp();

  /** The class that somebody wrote: JMH runs subclasses of it. */
  final Class<?> written() {
    Class<?> type = getClass();
    while (type.getPackageName().endsWith(".jmh_generated")) {
      type = type.getSuperclass();
    }
    return type;
  }

  /** The values of the parameters. */
  static Map<String, String> values(BenchmarkParams params) {
    Map<String, String> values = new TreeMap<>();
    params.getParamsKeys().forEach(key -> values.put(key, params.getParam(key)));
    return values;
  }

  /** The values of this one's parameters. */
  final Map<String, String> values() {
    Map<String, String> values = new TreeMap<>();
    try {
      for (Field field : getClass().getFields()) {
        if (field.isAnnotationPresent(Param.class)) {
          values.put(field.getName(), (String) field.get(this));
        }
      }
      return values;
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The name of the method. */
  static String method(String benchmark) {
    return benchmark.substring(benchmark.lastIndexOf('.') + 1);
  }

  /** A new one with these values, not set up; values it has no parameter for are left out. */
  public static <T extends TimedBenchmark> T create(Class<T> type, Map<String, String> values) {
    try {
      T fresh = type.getDeclaredConstructor().newInstance();
      for (Field field : type.getFields()) {
        String value = values.get(field.getName());
        if (field.isAnnotationPresent(Param.class) && value != null) {
          field.set(fresh, value);
        }
      }
      return fresh;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + ": parameters must be public strings", e);
    }
  }

  /** Runs one benchmark. */
  public final void call(String method) {
    try {
      getClass().getMethod(method).invoke(this);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(getClass().getSimpleName() + "." + method, e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a benchmark is a public method without arguments", e);
    }
  }
}
