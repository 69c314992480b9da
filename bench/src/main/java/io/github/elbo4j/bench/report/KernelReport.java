package io.github.elbo4j.bench.report;

import io.github.elbo4j.bench.Spread;
import io.github.elbo4j.bench.report.KernelRow.Copy;
import io.github.elbo4j.bench.report.KernelRow.PeerTimes;
import io.github.elbo4j.train.JsonLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A run: its circumstances and its rows, as JSON (a row a line) and as a Markdown table.
 *
 * @param conditions machine, command, flags, environment, versions
 * @param copies of the machine, in this run
 * @param rows in the order they were planned
 */
public record KernelReport(Conditions conditions, List<Copy> copies, List<KernelRow> rows) {
  /** Writes {@code stem.json} and {@code stem.md}. */
  public void write(Path stem) throws IOException {
    Files.createDirectories(stem.toAbsolutePath().getParent());
    Files.writeString(Path.of(stem + ".json"), toJson());
    Files.writeString(Path.of(stem + ".md"), toMarkdown());
  }

  String toJson() {
    String lines = rows.stream().map(KernelReport::json).collect(Collectors.joining(",\n"));
    return "{\"what\":\"kernels\",\n\"conditions\":%s,\n\"copy\":%s,\n\"rows\":[\n%s\n]}\n"
        .formatted(conditions.toJson(), copiesJson(), lines);
  }

  private String copiesJson() {
    JsonLine line = new JsonLine();
    copies.forEach(copy -> line.put(copy.memory(), copy.bytesPerNano()));
    return line.toString();
  }

  private static String json(KernelRow row) {
    Spread time = row.time();
    JsonLine line =
        new JsonLine()
            .put("kernel", row.kernel())
            .put("shape", row.shape())
            .put("backend", row.backend())
            .put("nsPerCall", time.median())
            .put("nsMin", time.min())
            .put("nsMax", time.max())
            .put("elements", row.elements())
            .put("nsPerElement", time.median() / row.elements())
            .put("bytes", row.bytes())
            .put("gbPerSecond", row.bytesPerNano())
            .put("memory", row.copy().memory())
            .put("shareOfCopy", row.shareOfCopy())
            .put("gflopPerSecond", row.flops() / time.median())
            .put("bytesAllocatedPerCall", row.allocated())
            .put("atLeast", row.atLeast())
            .put("reached", row.reached())
            .put("forks", forks(row.nanos()));
    for (PeerTimes peer : row.peers()) {
      Spread ratio = row.ratio(peer);
      line.put(
          peer.name(),
          new JsonLine()
              .put("nsPerCall", Spread.of(peer.nanos()).median())
              .put("ratio", ratio.median())
              .put("ratioMin", ratio.min())
              .put("ratioMax", ratio.max())
              .put("forks", forks(peer.nanos())));
    }
    return line.toString();
  }

  private static List<JsonLine> forks(List<Double> nanos) {
    return nanos.stream().map(ns -> new JsonLine().put("ns", ns)).toList();
  }

  String toMarkdown() {
    String moved =
        copies.stream()
            .map(copy -> text("%s %.0f", copy.memory(), copy.bytesPerNano()))
            .collect(Collectors.joining(", "));
    return "# Kernels\n\n%s- copy of floats, GB/s read and written: %s\n\n%s\n%s"
        .formatted(conditions.toMarkdown(), moved, table(), summary());
  }

  /** One row a benchmark. */
  public String table() {
    TreeSet<String> peers = new TreeSet<>(java.util.Comparator.reverseOrder());
    rows.forEach(row -> row.peers().forEach(peer -> peers.add(peer.name())));
    StringBuilder head =
        new StringBuilder(
            "| kernel | shape | ns/call | min–max | ns/element | GB/s | of copy | GFLOP/s |"
                + " B/call");
    peers.forEach(peer -> head.append(" | ").append(peer));
    head.append(" | asked |\n|---|---|").append("---:|".repeat(8 + peers.size())).append('\n');
    rows.forEach(row -> head.append(line(row, peers)));
    return head.toString();
  }

  private static String line(KernelRow row, Iterable<String> peers) {
    Spread time = row.time();
    StringBuilder line = new StringBuilder();
    line.append(
        text(
            "| %s | %s | %s | %s–%s | %.3f | %.1f | %.0f %% %s | %s | %.0f",
            row.kernel() + (row.backend().equals("simd") ? "" : " (" + row.backend() + ")"),
            row.shape(),
            nanos(time.median()),
            nanos(time.min()),
            nanos(time.max()),
            time.median() / row.elements(),
            row.bytesPerNano(),
            100 * row.shareOfCopy(),
            row.copy().memory(),
            row.flops() == 0 ? "" : text("%.0f", row.flops() / time.median()),
            row.allocated()));
    for (String name : peers) {
      line.append(" | ");
      row.peers().stream()
          .filter(peer -> peer.name().equals(name))
          .map(row::ratio)
          .map(r -> text("%.2f× (%.2f–%.2f)", r.median(), r.min(), r.max()))
          .forEach(line::append);
    }
    return line.append(" | ").append(asked(row)).append(" |\n").toString();
  }

  private static String asked(KernelRow row) {
    boolean measured =
        row.peers().stream().anyMatch(peer -> peer.name().equals(KernelRow.REQUIRED_PEER));
    if (Double.isNaN(row.atLeast())) {
      return "";
    }
    String asked = text("%s×", Double.toString(row.atLeast()).replaceAll("\\.0$", ""));
    return asked + (!measured ? ", not measured" : row.reached() ? ", yes" : ", **no**");
  }

  /** What is below what is asked, and what allocates. */
  public String summary() {
    List<String> slow = rows.stream().filter(r -> !r.reached()).map(KernelReport::label).toList();
    List<String> allocating =
        rows.stream().filter(KernelRow::allocates).map(KernelReport::label).toList();
    return (slow.isEmpty()
            ? "Every ratio that was asked and measured is reached.\n"
            : "Below the ratio asked: " + String.join(", ", slow) + ".\n")
        + (allocating.isEmpty()
            ? "No SIMD kernel allocates.\n"
            : "These SIMD kernels allocate: " + String.join(", ", allocating) + ".\n");
  }

  private static String label(KernelRow row) {
    return row.kernel() + " " + row.shape();
  }

  private static String nanos(double nanos) {
    return text(nanos < 1000 ? "%.1f" : "%.0f", nanos);
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would bring a dependency
  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
