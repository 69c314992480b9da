package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
        .contains(
            "running: cuda (cuda was asked for)", "compute capability", "gemm own: available");
    assertThat(Cli.run("info", "--backend", "cuda", "--precision", "tf32").out())
        .contains(", tf32\n");
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

  @Test
  void aRunInTf32IsToldOfAndUsedAnywhere() {
    String run = folder.resolve("tf32").toString();
    String[] train = {
      "train", "--out", run, "--backend", "cuda", "--precision", "tf32", "--epochs", "1"
    };
    List<String> all = new java.util.ArrayList<>(List.of(train));
    all.addAll(List.of("--hidden", "8", "--latent", "2", "--batch", "1000"));
    assertThat(Cli.run(all.toArray(new String[0])).done().err())
        .contains("backend: cuda, precision tf32");
    String[] resume = {"train", "--out", run, "--resume", "--epochs", "2"};
    List<String> simd = new java.util.ArrayList<>(List.of(resume));
    simd.addAll(List.of("--backend", "simd"));
    assertThat(Cli.run(simd.toArray(new String[0])).refusal(2))
        .contains("--precision tf32 is for --backend cuda, not simd");
    simd.addAll(List.of("--precision", "fp32"));
    assertThat(Cli.run(simd.toArray(new String[0])).done().err())
        .contains("precision: tf32 so far, fp32 from here on");
    Cli.run("sample", "--run", run, "--backend", "reference", "--count", "1").done();
  }

  /** In processes of their own, since a backend keeps what multiplies for it. */
  @Test
  void librariesAreFoundByTheirNamesAndRequiredByAProperty() throws Exception {
    String emulator = Path.of("cuda/emulator/build").toAbsolutePath().toString();
    String given = Objects.requireNonNullElse(System.getenv("LD_LIBRARY_PATH"), "");
    assumeTrue(given.contains(emulator), "for the emulated device");
    String withCublas = emulator + ":" + emulator + "/cublas";
    assertThat(info(withCublas, "-Delbo4j.cuda.gemm=auto").done().out())
        .contains("gemm: cublas (auto), fp32")
        .contains("gemm jcublas: available (libcublas.so.12, version 12.0.0)")
        .contains("gemm cublas: available (libcublas.so.13, version 13.0.0)");
    assertThat(info(withCublas, "-Delbo4j.cuda.gemm=jcublas").done().out())
        .contains("gemm: jcublas (jcublas was asked for), fp32");
    String none = "-Delbo4j.cuda.cublas=none"; // whatever this machine has
    assertThat(info(emulator, none).done().out())
        .contains("gemm: own (auto), fp32")
        .contains("gemm jcublas: not available (JCublas2 needs cuBLAS 12: none ");
    assertThat(info(emulator, none, "-Delbo4j.cuda.gemm=cublas").refusal(1))
        .contains("-Delbo4j.cuda.gemm=cublas is not available: none was not found");
  }

  private Cli.Run info(String libraries, String... properties) throws Exception {
    List<String> options = new java.util.ArrayList<>(JavaProcess.VECTOR);
    options.addAll(List.of(properties));
    List<String> command = new java.util.ArrayList<>();
    command.addAll(List.of("env", "LD_LIBRARY_PATH=" + libraries));
    command.addAll(JavaProcess.command(options, Main.class, "info", "--backend", "cuda"));
    try (JavaProcess process = JavaProcess.start(folder, command)) {
      return process.end();
    }
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
