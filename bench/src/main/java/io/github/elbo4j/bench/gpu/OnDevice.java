package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.tensor.Tensor;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Takes the arguments of a benchmark to the device: every field that is a tensor. Bytes and
 * integers stay on the host, where a hook takes them from.
 */
final class OnDevice {
  private final MemoryKernels memory;
  private final IdentityHashMap<Object, Tensor> moved = new IdentityHashMap<>();

  private OnDevice(MemoryKernels memory) {
    this.memory = memory;
  }

  /** Replaces the tensors of the host by copies on the device; what shared an array still does. */
  static void move(KernelBenchmark benchmark, MemoryKernels memory) {
    OnDevice to = new OnDevice(memory);
    replace(benchmark, benchmark, to::uploaded);
  }

  /** Gives {@code fresh} copies of the tensors that {@code from} has on the device. */
  static void copy(KernelBenchmark from, KernelBenchmark fresh, MemoryKernels memory) {
    OnDevice to = new OnDevice(memory);
    replace(from, fresh, to::duplicate);
  }

  private Tensor uploaded(Tensor t) {
    return moved.computeIfAbsent(t, _ -> whole(t).slice(t.offset(), t.shape()));
  }

  /** The array behind a tensor, on the device. */
  private Tensor whole(Tensor t) {
    float[] array = t.array();
    return moved.computeIfAbsent(array, _ -> memory.allocate(array.length).set(array));
  }

  private Tensor duplicate(Tensor t) {
    return moved.computeIfAbsent(
        t,
        _ -> {
          Tensor other = memory.allocate(t.size()).slice(0, t.shape());
          if (t.size() > 0) {
            memory.copy(t, other);
          }
          return other;
        });
  }

  private static void replace(
      KernelBenchmark from, KernelBenchmark into, UnaryOperator<Tensor> change) {
    try {
      for (Field field : fields(from)) {
        field.setAccessible(true);
        @Nullable Object value = field.get(from);
        field.set(into, value instanceof Tensor t ? change.apply(t) : value);
      }
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a benchmark was prepared with; constants are the same in each object. */
  private static List<Field> fields(KernelBenchmark benchmark) {
    List<Field> fields = new ArrayList<>();
    for (Class<?> c = benchmark.getClass(); c != Object.class; c = c.getSuperclass()) {
      for (Field field : c.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers()) && !Modifier.isFinal(field.getModifiers())) {
          fields.add(field);
        }
      }
    }
    return fields;
  }
}
