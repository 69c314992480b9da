package io.github.elbo4j.train.fit;

import io.github.elbo4j.train.AtomicFiles;
import io.github.elbo4j.train.JsonLine;
import io.github.elbo4j.train.Trainer;
import io.github.elbo4j.vi.fit.Trace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a fit leaves in its folder: {@value #FIT} and {@value #TRACE}. */
public final class FitFiles {
  /** The approximation with everything that made it; the same fit writes the same bytes. */
  public static final String FIT = "fit.json";

  /** The trace as a table: iteration, value. */
  public static final String TRACE = "trace.csv";

  private FitFiles() {}

  /**
   * Refuses a folder that cannot be written or holds results already.
   *
   * @throws IOException saying which
   */
  public static void requireFresh(Path folder) throws IOException {
    Trainer.requireFresh(folder);
    if (AtomicFiles.exists(folder.resolve(FIT))) {
      throw new IOException(folder + " already holds a fit: choose another --out");
    }
  }

  /**
   * Writes both files, each whole or not at all; {@value #FIT} last.
   *
   * @param head what was fitted to what
   */
  public static void write(Path folder, JsonLine head, FitResult result) throws IOException {
    Files.createDirectories(folder);
    Trace trace = result.trace();
    StringBuilder table = new StringBuilder("iteration," + trace.quantity() + "\n");
    int[] iterations = new int[trace.size()];
    for (int i = 0; i < trace.size(); i++) {
      iterations[i] = trace.iteration(i);
      table.append(trace.iteration(i)).append(',').append(trace.value(i)).append('\n');
    }
    AtomicFiles.write(folder.resolve(TRACE), bytes(table.toString()));
    JsonLine json =
        result
            .summary(head)
            .put("approximation", result.approximation())
            .put(
                "trace",
                new JsonLine()
                    .put("quantity", trace.quantity())
                    .put("iteration", iterations)
                    .put("value", trace.values()));
    AtomicFiles.write(folder.resolve(FIT), bytes(json + "\n"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
