package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.bench.kernel.memory.MemoryBenchmark;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * What a run measures, in its order: the cases of ours that were asked for, each with the peers
 * beside it, by package, class, method and shape.
 */
final class Plan {
  private static final String PACKAGE = "io.github.elbo4j.bench.kernel.";
  private static final String COPY = MemoryBenchmark.class.getName() + ".copy";

  /**
   * A case of ours.
   *
   * @param ours what is measured
   * @param peers what it is compared with, measured in turn with it
   */
  record Group(Case ours, List<Case> peers) {}

  private final List<Group> groups = new ArrayList<>();
  private final List<Case> copies;
  private int left;

  private Plan(List<Case> copies) {
    this.copies = copies;
  }

  /**
   * The plan of a command line.
   *
   * @param asked regular expressions, of which one that is the name of a package means all of it
   * @param given JMH's options
   * @param natives whether libtorch can run
   */
  static Plan of(List<String> asked, Options given, boolean natives) {
    Collection<BenchmarkListEntry> every = find(List.of(), List.of());
    Map<String, List<Case>> peers = new LinkedHashMap<>();
    Plan plan = new Plan(expand(entry(every, COPY), null));
    for (BenchmarkListEntry entry : find(List.of(), given.getExcludes())) {
      if (Peer.of(entry.getUserClassQName()) != null) {
        for (Case peer : expand(entry, given)) {
          if (natives || peer.peer() != Peer.LIBTORCH) {
            peers.computeIfAbsent(peer.pair(), _ -> new ArrayList<>()).add(peer);
          } else {
            plan.left++;
          }
        }
      }
    }
    for (BenchmarkListEntry entry : find(includes(asked, every), given.getExcludes())) {
      if (Peer.of(entry.getUserClassQName()) == null) {
        for (Case ours : expand(entry, given)) {
          List<Case> beside = ours.hasPeers() ? peers.get(ours.pair()) : null;
          plan.groups.add(new Group(ours, beside == null ? List.of() : beside));
        }
      }
    }
    return plan;
  }

  List<Group> groups() {
    return groups;
  }

  /** Leaves out what the condition does not hold for. */
  void keep(Predicate<Group> condition) {
    groups.removeIf(condition.negate());
  }

  /** The machine's copy in each of its memories, smallest first. */
  List<Case> copies() {
    return copies;
  }

  /** Cases of libtorch that are left out since its natives are not there. */
  int leftOut() {
    return left;
  }

  /** All benchmarks whose names match; sorted. */
  static Collection<BenchmarkListEntry> find(List<String> includes, List<String> excludes) {
    OutputFormat quiet = OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT);
    return BenchmarkList.defaultList().find(quiet, includes, excludes).stream()
        .sorted(Comparator.comparing(BenchmarkListEntry::getUsername))
        .toList();
  }

  private static List<String> includes(List<String> asked, Collection<BenchmarkListEntry> every) {
    return asked.stream()
        .map(
            include -> isPackage(include, every) ? Pattern.quote(PACKAGE + include + ".") : include)
        .toList();
  }

  private static boolean isPackage(String name, Collection<BenchmarkListEntry> every) {
    return every.stream().anyMatch(e -> e.getUsername().startsWith(PACKAGE + name + "."));
  }

  private static BenchmarkListEntry entry(Collection<BenchmarkListEntry> every, String name) {
    return every.stream().filter(e -> e.getUsername().equals(name)).findFirst().orElseThrow();
  }

  /** One case for each combination of values, those of the command line before the annotation's. */
  static List<Case> expand(
      BenchmarkListEntry entry, @org.jspecify.annotations.Nullable Options given) {
    List<Map<String, String>> combinations = List.of(new TreeMap<>());
    Map<String, String[]> parameters = entry.getParams().orElse(Map.of());
    for (String name : parameters.keySet()) {
      Collection<String> values = Arrays.asList(parameters.get(name));
      if (given != null && given.getParameter(name).hasValue()) {
        values = given.getParameter(name).get();
      }
      List<Map<String, String>> longer = new ArrayList<>();
      for (Map<String, String> combination : combinations) {
        for (String value : values) {
          Map<String, String> next = new TreeMap<>(combination);
          next.put(name, value);
          longer.add(next);
        }
      }
      combinations = longer;
    }
    int forks = entry.getForks().orElse(1);
    if (given != null && given.getForkCount().hasValue()) {
      forks = given.getForkCount().get();
    }
    int times = forks;
    return combinations.stream().map(v -> new Case(entry.getUsername(), v, times)).toList();
  }
}
