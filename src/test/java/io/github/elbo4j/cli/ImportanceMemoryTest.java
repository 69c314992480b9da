package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** 5,000 importance samples need no more memory than 500. */
final class ImportanceMemoryTest {
  private static final int EXAMPLES = 12;

  @TempDir private Path folder;

  private Cli.Run evaluate(int samples) throws Exception {
    // Without streaming, the logits alone would need 12·5000·784·4 B = 188 MB.
    List<String> options = List.of("--add-modules", "jdk.incubator.vector", "-Xmx80m");
    try (JavaProcess child =
        JavaProcess.start(
            folder,
            options,
            PeakHeap.class,
            "evaluate",
            "--run",
            folder.resolve("run").toString(),
            "--importance-samples",
            Integer.toString(samples),
            "--examples",
            Integer.toString(EXAMPLES),
            "--json")) {
      return child.end();
    }
  }

  private static long said(String what, Cli.Run run) {
    Matcher matcher = Pattern.compile(what + " (\\d+)").matcher(run.err());
    assertThat(matcher.find()).as(run.err()).isTrue();
    return Long.parseLong(matcher.group(1));
  }

  private static double number(Map<String, @Nullable Object> json, String key) {
    return json.get(key) instanceof Double d ? d : Double.NaN;
  }

  @Test
  void theHeapIsFlat() throws Exception {
    String run = folder.resolve("run").toString();
    Cli.run("train", "--out", run, "--epochs", "1", "--hidden", "32", "--latent", "6").done();
    Cli.Run few = evaluate(500);
    Cli.Run many = evaluate(5000);
    Map<String, @Nullable Object> json = many.json();
    assertThat(json).containsEntry("importanceSamples", 5000L);
    assertThat(number(json, "logLikelihood")).isGreaterThan(number(json, "elbo"));
    assertThat(number(json, "logLikelihood"))
        .isGreaterThan(number(few.json(), "logLikelihood") - 0.5);
    assertThat(number(json, "standardError")).isBetween(0.1, 100.0);
    assertThat(many.json()).isEqualTo(evaluate(5000).json());
    assertThat(said("peak", many)).isLessThan(said("peak", few) + 2_000_000);
  }
}
