package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.kernel.Backend;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.runner.BenchmarkListEntry;

/** No kernel without a benchmark, and no peer without what it is a peer of. */
final class HookGuard {
  private HookGuard() {}

  /**
   * Compares the hooks of {@link Backend} with what the benchmarks say they cover.
   *
   * @return the number of hooks
   * @throws IllegalStateException naming hooks without a benchmark and benchmarks without a hook
   */
  static int check() {
    Set<String> hooks = hooks();
    Set<String> covered = covered();
    Set<String> missing = new TreeSet<>(hooks);
    missing.removeAll(covered);
    Set<String> unknown = new TreeSet<>(covered);
    unknown.removeAll(hooks);
    if (!missing.isEmpty() || !unknown.isEmpty()) {
      throw new IllegalStateException(
          "hooks without a benchmark: "
              + missing
              + "; benchmarks of hooks there are not: "
              + unknown);
    }
    checkPeers();
    return hooks.size();
  }

  private static void checkPeers() {
    Set<String> ours = new TreeSet<>();
    for (BenchmarkListEntry entry : Plan.find(List.of(), List.of())) {
      if (Peer.of(entry.getUserClassQName()) == null) {
        Plan.expand(entry, null).forEach(one -> ours.add(one.pair()));
      }
    }
    for (BenchmarkListEntry entry : Plan.find(List.of(), List.of())) {
      if (Peer.of(entry.getUserClassQName()) != null) {
        for (Case peer : Plan.expand(entry, null)) {
          if (!ours.contains(peer.pair())) {
            throw new IllegalStateException(
                peer.benchmark() + " " + peer.values() + " has no case of ours beside it");
          }
        }
      }
    }
  }

  /** {@code family.method} for each protected abstract {@code doMethod} of each family. */
  private static Set<String> hooks() {
    return Arrays.stream(Backend.class.getRecordComponents())
        .filter(component -> component.getType() != String.class)
        .flatMap(HookGuard::hooks)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Stream<String> hooks(RecordComponent family) {
    return Arrays.stream(family.getType().getDeclaredMethods())
        .filter(method -> Modifier.isAbstract(method.getModifiers()))
        .map(Method::getName)
        .map(
            name ->
                family.getName() + "." + Character.toLowerCase(name.charAt(2)) + name.substring(3));
  }

  private static Set<String> covered() {
    Set<String> covered = new TreeSet<>();
    for (BenchmarkListEntry entry : Plan.find(List.of(), List.of())) {
      if (Peer.of(entry.getUserClassQName()) != null) {
        continue;
      }
      for (Method method : benchmarkClass(entry).getMethods()) {
        Covers covers = method.getAnnotation(Covers.class);
        if (covers != null) {
          covered.addAll(Arrays.asList(covers.value()));
        } else if (method.isAnnotationPresent(Benchmark.class)) {
          throw new IllegalStateException(method + " does not say what it @Covers");
        }
      }
    }
    return covered;
  }

  private static Class<?> benchmarkClass(BenchmarkListEntry entry) {
    try {
      return Class.forName(entry.getUserClassQName());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }
}
