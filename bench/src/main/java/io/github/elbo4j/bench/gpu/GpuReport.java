package io.github.elbo4j.bench.gpu;

import static io.github.elbo4j.bench.gpu.Verdicts.text;

import io.github.elbo4j.bench.Machine;
import io.github.elbo4j.bench.gpu.Part.Row;
import io.github.elbo4j.bench.gpu.Verdicts.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What a check found, as JSON (a row a line) and as Markdown tables. */
final class GpuReport {
  private static final String EMULATED = "cuda_emu";

  private final String mode;
  private final Map<String, Part> parts;
  private final Machine machine = Machine.here();
  private final Row device;
  private final List<Verdict> verdicts;

  /** Of the parts of a run. */
  GpuReport(String mode, Map<String, Part> parts) {
    this.mode = mode;
    this.parts = parts;
    this.device = first("load", "device");
    this.verdicts = new Verdicts(parts).all();
  }

  boolean parityPassed() {
    return Verdicts.parityPassed(parts);
  }

  /**
   * Writes {@code <gpu>-<date>.json} and {@code .md} into a folder; the two without their ending.
   */
  Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    String name = device.text("device").replaceAll(",.*", "");
    String slug = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    slug = slug.replaceAll("^-|-$", "");
    slug = slug.isEmpty() ? "gpu" : slug;
    String part = mode.equals("full") ? "" : "-" + mode;
    Path stem = folder.resolve(slug + "-" + LocalDate.now(ZoneOffset.UTC) + part);
    Files.writeString(Path.of(stem + ".json"), toJson());
    Files.writeString(Path.of(stem + ".md"), toMarkdown());
    return stem;
  }

  private boolean emulated() {
    return device.text("device").startsWith(EMULATED);
  }

  String toJson() {
    StringBuilder json = new StringBuilder("{\"what\":\"gpu-check\",\"mode\":\"" + mode + "\",\n");
    json.append("\"emulated\":").append(emulated()).append(",\n");
    json.append("\"machine\":").append(machine.toJson()).append(",\n");
    json.append("\"passed\":").append(parityPassed()).append(",\n\"verdicts\":[\n");
    json.append(lines(verdicts.stream().map(v -> v.toJson().toString()).toList()));
    json.append("],\n\"parts\":[\n");
    json.append(lines(parts.values().stream().map(p -> p.toJson().toString()).toList()));
    json.append("],\n\"rows\":{\n");
    json.append(
        parts.values().stream()
            .map(p -> "\"%s\":[\n%s]".formatted(p.name(), lines(p.rows())))
            .collect(Collectors.joining(",\n")));
    return json.append("}}\n").toString();
  }

  private static String lines(List<String> rows) {
    return String.join(",\n", rows) + (rows.isEmpty() ? "" : "\n");
  }

  String toMarkdown() {
    StringBuilder page = new StringBuilder();
    page.append("# GPU check: ").append(deviceName()).append("\n\n");
    if (emulated()) {
      page.append("**Not a GPU: kernels emulated on a CPU. No time here says anything.**\n\n");
    }
    page.append(
        text(
            "- %s; CUDA %s of the driver, %.1f GiB of memory, L2 cache %.0f MiB%n",
            device.text("device"),
            device.text("cudaVersion"),
            device.number("memoryBytes") / (1L << 30),
            device.number("l2Bytes") / (1L << 20)));
    page.append(machine.toMarkdown()).append("- mode: ").append(mode).append("\n\n");
    page.append(verdictTable()).append(partTable()).append(failures());
    page.append(kernelTable()).append(productTable()).append(stepTable());
    return page.append(peerTable()).append(loadTable()).toString();
  }

  /** What the end of the output says. */
  String summary() {
    return verdictTable() + partTable() + failures() + stepTable();
  }

  private String deviceName() {
    return device.text("device").isEmpty() ? "unknown device" : device.text("device");
  }

  private String verdictTable() {
    StringBuilder table = new StringBuilder("| asked | measured | reached |\n|---|---|---|\n");
    for (Verdict v : verdicts) {
      table.append("| %s | %s | %s |%n".formatted(v.asked(), v.measured(), v.reached()));
    }
    return table.append('\n').toString();
  }

  private String partTable() {
    StringBuilder table =
        new StringBuilder("| part | items | failed | seconds | |\n|---|---:|---:|---:|---|\n");
    for (Part p : parts.values()) {
      table.append(
          text(
              "| %s | %d | %d | %.0f | %s |%n",
              p.name(), p.items(), p.failures().size(), p.seconds(), p.reason()));
    }
    return table.append('\n').toString();
  }

  private String failures() {
    StringBuilder list = new StringBuilder();
    for (Part p : parts.values()) {
      for (Row row : p.failures()) {
        String item = row.has("case") ? row.text("case") : row.text("item");
        list.append("- %s, %s: %s%n".formatted(p.name(), item, row.text("error")));
      }
    }
    return list.isEmpty() ? "" : list.append('\n').toString();
  }

  private String kernelTable() {
    double copy = Verdicts.copyRate(parts);
    double product = bestProduct();
    StringBuilder table =
        new StringBuilder(
            text(
                "## Kernels%n%nCopy: %.0f GB/s. Best matrix product: %.1f TFLOP/s.%n%n",
                copy, product));
    table.append("| kernel | shape | us | min-max | GB/s | of copy | TFLOP/s | of product | |\n");
    table.append("|---|---|---:|---:|---:|---:|---:|---:|---|\n");
    for (Row r : part("kernels").rowsWith("kernel")) {
      boolean counted = r.number("flops") > 0;
      table.append(
          text(
              "| %s | %s | %.2f | %.2f-%.2f | %.0f | %.0f %% | %s | %s | %s |%n",
              r.text("kernel"),
              r.text("shape"),
              r.number("micros"),
              r.number("min"),
              r.number("max"),
              r.number("gbPerSecond"),
              100 * r.number("gbPerSecond") / copy,
              counted ? text("%.2f", r.number("tflopPerSecond")) : "",
              counted ? text("%.0f %%", 100 * r.number("tflopPerSecond") / product) : "",
              r.flag("waited") ? "host" : ""));
    }
    return table.append('\n').toString();
  }

  private double bestProduct() {
    return products().values().stream()
        .flatMap(List::stream)
        .mapToDouble(r -> r.number("tflopPerSecond"))
        .max()
        .orElse(Double.NaN);
  }

  private Map<String, List<Row>> products() {
    Map<String, List<Row>> products = new LinkedHashMap<>();
    for (Part p : parts.values()) {
      if (p.name().startsWith("gemm")) {
        products.put(p.name(), p.rowsWith("kernel"));
      }
    }
    return products;
  }

  private String productTable() {
    StringBuilder table =
        new StringBuilder("## Matrix products\n\n| provider | shape | us | TFLOP/s |\n");
    table.append("|---|---|---:|---:|\n");
    products()
        .forEach(
            (name, rows) ->
                rows.forEach(
                    r ->
                        table.append(
                            text(
                                "| %s | %s | %.2f | %.2f |%n",
                                name.replace("gemm ", ""),
                                r.text("shape"),
                                r.number("micros"),
                                r.number("tflopPerSecond")))));
    return table.append('\n').toString();
  }

  private String stepTable() {
    StringBuilder table =
        new StringBuilder("## Training step, us\n\n| model | launch by launch | as a graph |");
    table.append(
        " PyTorch eager | torch.compile | reduce-overhead | losses of step 1, then 41-50 |\n");
    table.append("|---|---:|---:|---:|---:|---:|---|\n");
    List<Row> graphs = part("steps as graphs").rowsWith("step");
    for (Row ours : part("steps launch by launch").rowsWith("step")) {
      Row theirs = named(first("peer", "torch").rows("steps"), "name", ours.text("step"));
      table.append(
          text(
              "| %s | %.1f | %s | %s | %s | %s | %.2f, %.2f; PyTorch %.2f, %.2f |%n",
              ours.text("step"),
              ours.number("micros"),
              graph(named(graphs, "step", ours.text("step"))),
              time(theirs.row("eager")),
              time(theirs.row("compile")),
              time(theirs.row("reduceOverhead")),
              ours.number("firstLoss"),
              ours.number("laterLoss"),
              theirs.row("eager").number("firstLoss"),
              theirs.row("eager").number("laterLoss")));
    }
    return table.append('\n').toString();
  }

  /** A time, or why the steps were no graph. */
  private static String graph(Row row) {
    return row.has("whyNot") && !row.flag("replayed") ? row.text("whyNot") : time(row);
  }

  private String peerTable() {
    Row peer = first("peer", "torch");
    StringBuilder table = new StringBuilder("## PyTorch\n\n");
    table.append(
        peer.text("torch").isEmpty()
            ? "Not measured: " + peer.text("reason") + "\n"
            : text(
                "PyTorch %s on %s, copy %.0f GB/s%n",
                peer.text("torch"), peer.text("device"), peer.number("copyGbPerSecond")));
    table.append("\n| kernel | shape | eager us | torch.compile us |\n|---|---|---:|---:|\n");
    for (Row r : peer.rows("kernels")) {
      table.append(
          text(
              "| %s | %s | %s | %s |%n",
              r.text("name"), r.text("shape"), time(r.row("eager")), time(r.row("compile"))));
    }
    return table.append('\n').toString();
  }

  private static String time(Row row) {
    double micros = row.number("micros");
    return Double.isNaN(micros) ? row.text("error") : text("%.1f", micros);
  }

  private String loadTable() {
    List<Row> rows = part("load").rowsWith("module");
    StringBuilder table =
        new StringBuilder(
            "## Loading\n\nPTX compiled by the driver, once a machine; then cached.\n\n");
    table.append("| module | PTX KiB | first ms | cached ms |\n|---|---:|---:|---:|\n");
    double first = 0;
    double cached = 0;
    for (Row r : rows) {
      first += r.number("firstMillis");
      cached += r.number("cachedMillis");
      table.append(
          text(
              "| %s | %.0f | %.1f | %.1f |%n",
              r.text("module"),
              r.number("ptxBytes") / 1024,
              r.number("firstMillis"),
              r.number("cachedMillis")));
    }
    return table.append(text("| all | | %.0f | %.0f |%n", first, cached)).toString();
  }

  private Part part(String name) {
    return parts.getOrDefault(name, Part.skipped(name, "not run"));
  }

  private Row first(String part, String member) {
    List<Row> rows = part(part).rowsWith(member);
    return rows.isEmpty() ? new Row(Map.of()) : rows.getFirst();
  }

  private static Row named(List<Row> rows, String member, String name) {
    return rows.stream()
        .filter(r -> r.text(member).equals(name))
        .findFirst()
        .orElse(new Row(Map.of()));
  }
}
