package io.github.elbo4j.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Compares two files of results; see bench/compare.sh. */
public final class Compare {
  private Compare() {}

  /**
   * Prints what changed; ends with status 1 where a kernel has become slower, 2 where the files
   * cannot be compared.
   *
   * @param args two JSON files, the older one first
   */
  public static void main(String[] args) {
    if (args.length != 2) {
      System.err.println("usage: bench/compare.sh OLD.json NEW.json");
      System.exit(2);
    }
    try {
      Comparison comparison =
          new Comparison(Files.readString(Path.of(args[0])), Files.readString(Path.of(args[1])));
      System.out.print(comparison.toMarkdown());
      System.exit(comparison.slower() ? 1 : 0);
    } catch (IOException | RuntimeException e) {
      System.err.println("compare: " + e);
      System.exit(2);
    }
  }
}
