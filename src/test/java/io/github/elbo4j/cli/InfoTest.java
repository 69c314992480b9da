package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.kernel.Backends;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** {@code info} and {@code selfcheck}. */
final class InfoTest {
  @Test
  void infoSaysWhichBackendRunsAndWhyEachCanOrCannot() {
    String text = Cli.run("info").done().out();
    for (Backends.Status status : Backends.statuses()) {
      assertThat(text).contains(status.name() + ": ", status.reason());
    }
    assertThat(text).contains("backend: simd", "embedded", "mnist", "fashion-mnist");
    assertThat(text).contains("running: simd (auto)");
    assertThat(Cli.run("info", "--backend", "reference").out())
        .contains("running: reference (reference was asked for)");
  }

  @Test
  void explainNamesWhatRunsAndWhatWasAskedFor() {
    assertThat(Backends.explain()).startsWith("running: simd (auto)\ncuda: ");
    assertThat(Backends.explain("SIMD")).startsWith("running: simd (simd was asked for)\n");
    assertThat(Backends.explain("abacus"))
        .startsWith("running: none (\"abacus\" was asked for, which there is not)\n");
  }

  @Test
  void infoAsJson() {
    Map<String, @Nullable Object> json =
        Cli.run("info", "--json", "--threads", "1", "--seed", "4").json();
    assertThat(json.keySet())
        .containsExactly(
            "version",
            "java",
            "os",
            "processors",
            "threads",
            "backend",
            "backends",
            "gemm",
            "data");
    assertThat(json.get("threads")).isEqualTo(1L);
    assertThat(json.get("backend")).isEqualTo("simd");
    assertThat((List<?>) json.get("backends")).hasSize(3);
    assertThat(Cli.run("info", "--json", "--backend", "reference").json())
        .containsEntry("backend", "reference");
  }

  @Test
  void aBackendThatIsUnknownIsRefusedByEveryCommand() {
    for (String command : List.of("info", "selfcheck")) {
      assertThat(Cli.run(command, "--backend", "abacus").refusal(2)).contains("abacus", "simd");
    }
    assertThat(Cli.run("info", "--threads", "0").refusal(2)).contains("--threads 0");
    assertThat(Cli.run("selfcheck", "--threads", "many").refusal(2)).contains("--threads", "many");
  }

  @Test
  void otherPrecisionsAreForCuda() {
    for (String command : List.of("info", "selfcheck")) {
      assertThat(Cli.run(command, "--backend", "simd", "--precision", "tf32").refusal(2))
          .contains("--precision tf32 is for --backend cuda, not simd, which has --precision fp32");
      assertThat(Cli.run(command, "--precision", "fp16").refusal(2))
          .contains("--precision \"fp16\" must be fp32 or tf32");
    }
    assertThat(Cli.run("info", "--precision", "fp32").done().out()).contains("backend: simd");
  }

  @Test
  void selfcheckPassesOnBothBackendsAndForAnySeed() {
    for (String backend : List.of("simd", "reference")) {
      Map<String, @Nullable Object> json =
          Cli.run("selfcheck", "--backend", backend, "--json").json();
      assertThat(json.keySet()).containsExactly("backend", "passed", "failed", "kernels");
      assertThat(json).containsEntry("backend", backend).containsEntry("failed", 0L);
      List<?> kernels = (List<?>) Objects.requireNonNull(json.get("kernels"));
      assertThat(json.get("passed")).isEqualTo((long) kernels.size());
      for (Object kernel : kernels) {
        assertThat(((Map<?, ?>) kernel).keySet().stream().map(Object::toString))
            .containsExactly("kernel", "passed", "worst");
      }
    }
    String seeded = Cli.run("selfcheck", "--seed", "9").done().out();
    assertThat(seeded).contains(" 0 failed").isNotEqualTo(Cli.run("selfcheck").done().out());
  }
}
