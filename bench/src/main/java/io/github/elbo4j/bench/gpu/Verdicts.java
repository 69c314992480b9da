package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.bench.gpu.Part.Row;
import io.github.elbo4j.train.JsonLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What was asked of the backend on a GPU, what was measured, and whether that is enough. */
final class Verdicts {
  private static final double OF_COPY = 0.85;

  private final Map<String, Part> parts;
  private final List<Verdict> all = new ArrayList<>();

  /**
   * One of them.
   *
   * @param asked in words
   * @param measured in words; why not, where it was not
   * @param reached {@code yes}, {@code no} or {@code not measured}
   */
  record Verdict(String asked, String measured, String reached) {
    JsonLine toJson() {
      return new JsonLine().put("asked", asked).put("measured", measured).put("reached", reached);
    }
  }

  Verdicts(Map<String, Part> parts) {
    this.parts = parts;
    parity();
    bandwidth();
    ratio(
        "fused reparameterise + KL, noise drawn inside, >= 4x PyTorch eager",
        4,
        kernel("gaussian.reparameterizeDrawn", GpuShapes.REPARAMETERIZED),
        peerKernel("reparameterizeKl", "eager"));
    ratio(
        "the same >= 1.3x torch.compile",
        1.3,
        kernel("gaussian.reparameterizeDrawn", GpuShapes.REPARAMETERIZED),
        peerKernel("reparameterizeKl", "compile"));
    ratio(
        "batched Cholesky with gradient, D = 32, batch 4096, >= 3x torch",
        3,
        kernel("cholesky.factorBoth", GpuShapes.FACTORED),
        peerKernel("cholesky", "eager"));
    Measured step = classicStep();
    ratio("classic training step >= 5x PyTorch eager", 5, step, peerStep("eager"));
    ratio(
        "the same >= 1.5x torch.compile, with graphs on both sides",
        1.5,
        step,
        fastest(peerStep("compile"), peerStep("reduceOverhead")));
  }

  List<Verdict> all() {
    return all;
  }

  /** A time, NaN with the reason where there is none. */
  private record Measured(double micros, String reason) {}

  /** Whether every case ran and passed. */
  static boolean parityPassed(Map<String, Part> parts) {
    Part parity = parts.get("parity");
    return parity != null && parity.whole() && parity.items() > 0 && parity.failures().isEmpty();
  }

  private void parity() {
    Part parity = part("parity");
    String measured =
        parity.items() == 0
            ? parity.reason()
            : "%d cases, %d failed%s"
                .formatted(
                    parity.items(),
                    parity.failures().size(),
                    parity.whole() ? "" : ", " + parity.reason());
    String reached = parity.items() == 0 ? "not measured" : parityPassed(parts) ? "yes" : "no";
    all.add(new Verdict("every parity case passes on the device", measured, reached));
  }

  private void bandwidth() {
    String asked = "memory-bound kernels at >= 85 % of the copy rate, arguments past the L2 cache";
    Part kernels = part("kernels");
    double copy = copyRate(parts);
    List<Row> rows =
        kernels.rowsWith("kernel").stream()
            .filter(r -> r.flag("memoryBound") && r.flag("pastCache"))
            .toList();
    if (Double.isNaN(copy) || rows.isEmpty()) {
      all.add(new Verdict(asked, reasonOf(kernels, "no such row"), "not measured"));
      return;
    }
    List<Row> below =
        rows.stream().filter(r -> !(r.number("gbPerSecond") >= OF_COPY * copy)).toList();
    StringBuilder measured = new StringBuilder();
    measured.append("%d of %d".formatted(rows.size() - below.size(), rows.size()));
    String separator = "; below: ";
    for (Row r : below) {
      double share = 100 * r.number("gbPerSecond") / copy;
      String why = r.flag("waited") ? " (waits for the host)" : "";
      measured.append(separator).append(text("%s %.0f %%%s", r.text("kernel"), share, why));
      separator = ", ";
    }
    all.add(new Verdict(asked, measured.toString(), below.isEmpty() ? "yes" : "no"));
  }

  private void ratio(String asked, double least, Measured ours, Measured theirs) {
    if (Double.isNaN(ours.micros()) || Double.isNaN(theirs.micros())) {
      String reason = Double.isNaN(ours.micros()) ? "ours: " + ours.reason() : theirs.reason();
      all.add(new Verdict(asked, reason, "not measured"));
      return;
    }
    double ratio = theirs.micros() / ours.micros();
    all.add(
        new Verdict(
            asked,
            text("%.2fx: %.1f us beside %.1f us", ratio, ours.micros(), theirs.micros()),
            ratio >= least ? "yes" : "no"));
  }

  /** GB/s of the device's own copy, NaN where it was not measured. */
  static double copyRate(Map<String, Part> parts) {
    Part kernels = parts.get("kernels");
    return kernels == null
        ? Double.NaN
        : kernels.rowsWith("copy").stream()
            .mapToDouble(r -> r.number("gbPerSecond"))
            .findFirst()
            .orElse(Double.NaN);
  }

  private Measured kernel(String name, String shape) {
    Part kernels = part("kernels");
    for (Row row : kernels.rowsWith("kernel")) {
      if (row.text("kernel").equals(name) && row.text("shape").equals(shape)) {
        return new Measured(row.number("micros"), "");
      }
    }
    return new Measured(Double.NaN, reasonOf(kernels, name + " was not measured in " + shape));
  }

  private Measured peerKernel(String name, String form) {
    return peer("kernels", name, form);
  }

  private Measured peerStep(String form) {
    return peer("steps", "784-400-20 batch 128", form);
  }

  private Measured peer(String list, String name, String form) {
    Part peer = part("peer");
    for (Row answer : peer.rowsWith("torch")) {
      for (Row row : answer.rows(list)) {
        if (row.text("name").equals(name)) {
          Row time = row.row(form);
          return new Measured(time.number("micros"), "PyTorch: " + time.text("error"));
        }
      }
      return new Measured(Double.NaN, "PyTorch: " + answer.text("reason"));
    }
    return new Measured(Double.NaN, "PyTorch: " + reasonOf(peer, "no answer"));
  }

  /** As graphs; launch by launch where there are none. */
  private Measured classicStep() {
    return fastest(step("steps as graphs"), step("steps launch by launch"));
  }

  private Measured step(String name) {
    Part steps = part(name);
    for (Row row : steps.rowsWith("step")) {
      if (row.text("step").startsWith("784-400-20 ")) {
        return new Measured(row.number("micros"), "");
      }
    }
    return new Measured(Double.NaN, reasonOf(steps, "no such row"));
  }

  private static Measured fastest(Measured a, Measured b) {
    return Double.isNaN(b.micros()) || a.micros() <= b.micros() ? a : b;
  }

  private Part part(String name) {
    return parts.getOrDefault(name, Part.skipped(name, "not run"));
  }

  private static String reasonOf(Part part, String otherwise) {
    return part.whole() ? otherwise : part.reason();
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would bring a dependency
  static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
