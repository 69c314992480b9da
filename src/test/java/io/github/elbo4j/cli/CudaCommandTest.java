package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line on a device. */
@Tag("cuda")
class CudaCommandTest {
  @TempDir Path folder;

  @Test
  void selfcheckPasses() {
    Map<String, @Nullable Object> json =
        Cli.run("selfcheck", "--backend", "cuda", "--device", "0", "--json").json();
    assertThat(json).containsEntry("backend", "cuda").containsEntry("failed", 0L);
  }

  @Test
  void infoNamesTheDevice() {
    assertThat(Cli.run("info", "--backend", "cuda").out())
        .contains("running: cuda (cuda was asked for)", "compute capability");
    assertThat(Cli.run("selfcheck", "--backend", "cuda", "--device", "7").refusal(2))
        .contains("device 7: there are");
  }

  @Test
  void aRunIsTrainedResumedAndUsed() {
    String run = folder.resolve("run").toString();
    List<String> small = List.of("--hidden", "16", "--latent", "2", "--batch", "500");
    Map<String, @Nullable Object> trained = train(run, small, "1");
    assertThat(trained).containsEntry("backend", "cuda").containsEntry("epochs", 1L);
    assertThat(train(run, List.of("--resume"), "2")).containsEntry("epochs", 2L);
    Map<String, @Nullable Object> evaluated =
        Cli.run("evaluate", "--run", run, "--importance-samples", "4", "--json").json();
    assertThat(number(evaluated, "logLikelihood")).isGreaterThan(number(evaluated, "elbo"));
  }

  private static double number(Map<String, @Nullable Object> json, String name) {
    return ((Number) Objects.requireNonNull(json.get(name), name)).doubleValue();
  }

  private static Map<String, @Nullable Object> train(
      String run, List<String> flags, String epochs) {
    List<String> all =
        new java.util.ArrayList<>(
            List.of("train", "--data", "embedded", "--out", run, "--backend", "cuda", "--json"));
    all.addAll(List.of("--epochs", epochs));
    all.addAll(flags);
    return Cli.run(all.toArray(new String[0])).json();
  }
}
