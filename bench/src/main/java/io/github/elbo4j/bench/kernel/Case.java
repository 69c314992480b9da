package io.github.elbo4j.bench.kernel;

import java.lang.reflect.Method;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A benchmark with the values of its parameters.
 *
 * @param benchmark qualified name of the method
 * @param values of the parameters
 * @param forks by its annotation
 */
record Case(String benchmark, Map<String, String> values, int forks) {
  /** Where nothing else is asked of forward and backward together. */
  private static final double OF_BOTH = 2;

  Class<?> type() {
    try {
      return Class.forName(className());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  String className() {
    return benchmark.substring(0, benchmark.lastIndexOf('.'));
  }

  String method() {
    return TimedBenchmark.method(benchmark);
  }

  @Nullable Peer peer() {
    return Peer.of(className());
  }

  /** The same of ours and of the peers beside it. */
  String pair() {
    Map<String, String> shared = new TreeMap<>(values);
    shared.remove("backend");
    return Peer.family(className()) + "." + method() + shared;
  }

  /** Kernels of ours are verified for each backend; only the fast one has peers. */
  boolean hasPeers() {
    return "simd".equals(values.get("backend"));
  }

  /** Such as {@code gaussian.klToPrior}. */
  String kernel() {
    String family = Peer.family(className());
    String simple = family.substring(family.lastIndexOf('.') + 1);
    return simple.substring(0, 1).toLowerCase(Locale.ROOT) + simple.substring(1) + "." + method();
  }

  /** The shape, then the other values but the backend. */
  String shape() {
    StringBuilder shape = new StringBuilder(values.getOrDefault("shape", ""));
    values.forEach(
        (name, value) -> {
          if (!name.equals("shape") && !name.equals("backend")) {
            shape.append(' ').append(value);
          }
        });
    return shape.toString().strip();
  }

  /** The same in the shape that is compared with the reference. */
  Case verified() {
    Class<? extends KernelBenchmark> ours =
        peer() == null ? type().asSubclass(KernelBenchmark.class) : Peer.ours(type());
    return new Case(benchmark, TimedBenchmark.create(ours, values).verifiedValues(values), forks);
  }

  Work work() {
    return KernelBenchmark.work(type().asSubclass(KernelBenchmark.class), method(), values);
  }

  /** What the ratio to libtorch must be; NaN where nothing is asked. */
  double atLeast() {
    double otherwise = isBoth() ? OF_BOTH : Double.NaN;
    for (AtLeast asked : javaMethod().getAnnotationsByType(AtLeast.class)) {
      if (asked.shape().equals(values.get("shape"))) {
        return asked.value();
      }
      if (asked.shape().isEmpty()) {
        otherwise = asked.value();
      }
    }
    return otherwise;
  }

  /** Whether a ratio is asked of this very benchmark, rather than what is asked of all. */
  boolean isTarget() {
    double asked = atLeast();
    return asked > OF_BOTH || (!isBoth() && !Double.isNaN(asked));
  }

  private boolean isBoth() {
    return method().toLowerCase(Locale.ROOT).endsWith("both");
  }

  Method javaMethod() {
    try {
      return type().getMethod(method());
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public String toString() {
    Peer peer = peer();
    String whose = peer == null ? values.getOrDefault("backend", "") : peer.label;
    return kernel() + " " + shape() + " " + whose;
  }
}
