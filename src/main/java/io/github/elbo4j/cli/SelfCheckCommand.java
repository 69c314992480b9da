package io.github.elbo4j.cli;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.selfcheck.SelfCheck;
import io.github.elbo4j.train.JsonLine;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code elbo4j selfcheck}. */
@Command(
    name = "selfcheck",
    description = "Compare the backend with the double reference on this machine.",
    usageHelpAutoWidth = true)
final class SelfCheckCommand implements Callable<Integer> {
  @Mixin private CommonOptions common = new CommonOptions();

  @Override
  public Integer call() {
    Backend backend = common.open(System.getProperty("elbo4j.backend", "auto"), 0);
    Long seed = common.seed();
    List<SelfCheck.Finding> findings = SelfCheck.run(backend, seed == null ? 1 : seed);
    long failed = findings.stream().filter(f -> !f.passed()).count();
    StringBuilder text = new StringBuilder();
    for (SelfCheck.Finding f : findings) {
      text.append(
          String.format(
              Locale.ROOT,
              "%s %-36s largest error / bound %.3f%n",
              f.passed() ? "ok    " : "FAILED",
              f.kernel(),
              f.worst()));
    }
    text.append("backend ").append(backend.name()).append(": ").append(findings.size() - failed);
    text.append(" passed, ").append(failed).append(" failed");
    common.result(
        new JsonLine()
            .put("backend", backend.name())
            .put("passed", findings.size() - failed)
            .put("failed", failed)
            .put(
                "kernels",
                findings.stream()
                    .map(
                        f ->
                            new JsonLine()
                                .put("kernel", f.kernel())
                                .put("passed", f.passed())
                                .put("worst", f.worst()))
                    .toList()),
        text.toString());
    return failed == 0 ? 0 : 1;
  }
}
