package io.github.elbo4j.cli;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.train.ConfigException;
import io.github.elbo4j.train.RunConfig;
import io.github.elbo4j.train.TrainedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which trained run a command works on. */
final class RunOptions {
  @Option(names = "--run", required = true, paramLabel = "DIR", description = "the run folder")
  private Path run = Path.of("");

  Path folder() {
    return run;
  }

  /** Opens the run on the backend that the flags, or the run itself, ask for. */
  TrainedRun open(CommonOptions common) throws IOException {
    CommonOptions.requireName("--run", run);
    RunConfig config = TrainedRun.config(run);
    String name = Objects.requireNonNullElse(common.backendName(), config.backend());
    // A run that was trained in TF32 can be used anywhere.
    String precision = name.equals("cuda") ? config.precision() : "fp32";
    Backend backend = common.open(config.backend(), config.threads(), precision);
    return TrainedRun.open(run, backend);
  }

  /** Which images of which data, for commands that need some. */
  static final class Data {
    @Option(
        names = "--data",
        paramLabel = "SPEC",
        description = "data set (default: the one the run was trained on)")
    private @Nullable String data;

    @Option(
        names = "--split",
        paramLabel = "NAME",
        defaultValue = "test",
        description = "train or test (default)")
    private String split = "test";

    String split() {
      return split;
    }

    /**
     * The first {@code most} images, or all of them when there are fewer.
     *
     * @param flag where {@code most} comes from, for the message when it is below 1
     */
    Images load(TrainedRun run, CommonOptions common, String flag, int most) throws IOException {
      if (most < 1) {
        throw new ConfigException(flag + " " + most + " must be at least 1");
      }
      String spec = data == null ? run.config().data() : data;
      Images images = run.data(spec, split, common.downloads(spec));
      return most < images.count() ? images.slice(0, most) : images;
    }
  }
}
