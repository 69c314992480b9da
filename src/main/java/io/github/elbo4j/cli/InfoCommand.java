package io.github.elbo4j.cli;

import io.github.elbo4j.data.DataSource;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.CudaBackend;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.Precision;
import io.github.elbo4j.train.JsonLine;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code elbo4j info}. */
@Command(
    name = "info",
    description = "Show version, Java, backends and why each can or cannot run, and data sets.",
    usageHelpAutoWidth = true)
final class InfoCommand implements Callable<Integer> {
  @Mixin private CommonOptions common = new CommonOptions();

  @Override
  public Integer call() {
    String fallback = System.getProperty("elbo4j.backend", "auto");
    String asked = Objects.requireNonNullElse(common.backendName(), fallback);
    String chosen = common.open(fallback, 0).name();
    Precision precision = common.precision("fp32");
    String java = System.getProperty("java.vm.name") + " " + Runtime.version();
    String os = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    int processors = Runtime.getRuntime().availableProcessors();
    String data = DataSource.EMBEDDED + ", " + String.join(", ", DataSource.knownNames());
    List<JsonLine> backends =
        Backends.statuses().stream()
            .map(
                s ->
                    new JsonLine()
                        .put("name", s.name())
                        .put("available", s.available())
                        .put("reason", s.reason()))
            .toList();
    List<JsonLine> gemm =
        CudaBackend.gemm(precision).stream()
            .map(
                s ->
                    new JsonLine()
                        .put("name", s.name())
                        .put("available", s.available())
                        .put("reason", s.reason()))
            .toList();
    common.result(
        new JsonLine()
            .put("version", Version.text())
            .put("java", java)
            .put("os", os)
            .put("processors", processors)
            .put("threads", Parallel.threads())
            .put("backend", chosen)
            .put("backends", backends)
            .put("gemm", gemm)
            .put("data", data),
        """
        elbo4j %s
        java: %s
        os: %s, %d processors, %d threads
        backend: %s
        %sdata: %s, or a path\
        """
            .formatted(
                Version.text(),
                java,
                os,
                processors,
                Parallel.threads(),
                chosen,
                Backends.explain(asked, precision).indent(2),
                data));
    return 0;
  }
}
