package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.train.JsonLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part that ran under compute-sanitizer, with what the tool wrote.
 *
 * @param run of the cases
 * @param log of the tool
 */
record Sanitized(Part run, Path log) {
  private static final Pattern SUMMARY =
      Pattern.compile("(?:ERROR SUMMARY: (\\d+) error|RACECHECK SUMMARY: (\\d+) hazard)");

  private static final Pattern FINDING =
      Pattern.compile("=+ +((?:Invalid|Uninitialized|Error|Warning|Program).*)");

  /** The part with a row for the errors that the tool counted, and the first lines of them. */
  Part part() throws IOException {
    if (!Files.exists(log)) {
      return run;
    }
    String text = Files.readString(log);
    List<String> rows = new ArrayList<>(run.rows());
    Matcher summary = SUMMARY.matcher(text);
    boolean counted = false;
    long errors = 0;
    while (summary.find()) {
      counted = true;
      errors += Long.parseLong(summary.group(1) == null ? summary.group(2) : summary.group(1));
    }
    if (errors > 0) {
      Matcher first = FINDING.matcher(text);
      String what = first.find() ? first.group(1) : "see its report";
      rows.add(
          new JsonLine()
              .put("item", run.name())
              .put("error", "%d errors, the first: %s".formatted(errors, what))
              .toString());
    }
    String reason = run.whole() && !counted ? "the tool printed no summary" : run.reason();
    return new Part(run.name(), run.items(), rows, reason, run.seconds());
  }
}
