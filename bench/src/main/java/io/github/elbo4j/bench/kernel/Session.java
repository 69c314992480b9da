package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.bench.Machine;
import io.github.elbo4j.bench.Spread;
import io.github.elbo4j.bench.report.Conditions;
import io.github.elbo4j.bench.report.KernelReport;
import io.github.elbo4j.bench.report.KernelRow;
import io.github.elbo4j.bench.report.KernelRow.Copy;
import io.github.elbo4j.bench.report.KernelRow.PeerTimes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;

/**
 * Measures a plan. The report is written after each group, so that hours are not lost; a benchmark
 * that fails is named at the end and does not stop the others.
 */
final class Session {
  /** Share of a cache that arguments may fill and still count as lying in it. */
  private static final double FILLS = 0.75;

  private static final List<String> MEMORIES = List.of("L2", "L3", "DRAM");

  private final Plan plan;
  private final Options given;
  private final Conditions conditions;
  private final Path stem;
  private final List<Copy> copies = new ArrayList<>();
  private final List<KernelRow> rows = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();

  Session(Plan plan, Options given, Conditions conditions, Path stem) {
    this.plan = plan;
    this.given = given;
    this.conditions = conditions;
    this.stem = stem;
  }

  List<String> failures() {
    return failures;
  }

  KernelReport run() throws IOException, RunnerException {
    measureCopies();
    int done = 0;
    for (Plan.Group group : plan.groups()) {
      done++;
      System.out.printf("[%d/%d] %s", done, plan.groups().size(), group.ours());
      System.out.flush();
      try {
        KernelRow row = row(group);
        rows.add(row);
        say(row);
        report().write(stem);
      } catch (RunnerException | IllegalStateException e) {
        System.out.println(": FAILED");
        failures.add(group.ours() + ": " + Bench.reasons(e));
      }
    }
    return report();
  }

  private KernelReport report() {
    return new KernelReport(conditions, List.copyOf(copies), List.copyOf(rows));
  }

  private void measureCopies() throws RunnerException {
    for (int i = 0; i < MEMORIES.size(); i++) {
      Case copy = plan.copies().get(i);
      Measurement measurement = new Measurement(copy);
      for (int fork = 0; fork < 2; fork++) {
        measurement.fork(given);
      }
      double rate = copy.work().bytes() / Spread.of(measurement.nanos()).median();
      copies.add(new Copy(MEMORIES.get(i), rate));
      System.out.printf(Locale.ROOT, "copy in %s: %.0f GB/s%n", MEMORIES.get(i), rate);
    }
  }

  /** Ours and the peers, in turn. */
  private KernelRow row(Plan.Group group) throws RunnerException {
    Measurement ours = new Measurement(group.ours());
    List<Measurement> peers = group.peers().stream().map(Measurement::new).toList();
    for (int fork = 0; fork < Math.max(1, group.ours().forks()); fork++) {
      ours.fork(given);
      for (Measurement peer : peers) {
        peer.fork(given);
      }
    }
    Work work = group.ours().work();
    return new KernelRow(
        group.ours().kernel(),
        group.ours().shape(),
        group.ours().values().getOrDefault("backend", ""),
        ours.nanos(),
        work.elements(),
        work.bytes(),
        work.footprint(),
        work.flops(),
        ours.allocated(),
        copyOf(work.footprint()),
        group.ours().atLeast(),
        peers.stream().map(Session::times).toList());
  }

  private static PeerTimes times(Measurement measurement) {
    Peer peer = measurement.measured().peer();
    return new PeerTimes(peer == null ? "" : peer.label, measurement.nanos());
  }

  private Copy copyOf(long footprint) {
    boolean inL2 = footprint <= FILLS * Machine.cacheBytes(2);
    return copies.get(inL2 ? 0 : footprint <= FILLS * Machine.cacheBytes(3) ? 1 : 2);
  }

  private static void say(KernelRow row) {
    System.out.printf(Locale.ROOT, ": %.0f ns", row.time().median());
    for (PeerTimes peer : row.peers()) {
      System.out.printf(Locale.ROOT, ", %s %.2f×", peer.name(), row.ratio(peer).median());
    }
    System.out.println(row.reached() ? "" : ", below " + row.atLeast());
  }
}
