package io.github.elbo4j.train;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A checkpoint that cannot be used. The message is one line: the file, what is wrong, what to do.
 */
public final class CheckpointException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String problem;

  /**
   * @param file the refused file
   * @param problem what is wrong with it
   * @param advice what the user can do about it
   */
  public CheckpointException(Path file, String problem, String advice) {
    super(oneLine(file + ": " + problem + ": " + advice));
    this.problem = oneLine(problem);
  }

  /** What is wrong, without the file and the advice. */
  public String problem() {
    return problem;
  }

  /** Text from a hostile file must not break the line or drive the terminal. */
  private static String oneLine(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    text.codePoints().forEach(c -> clean.appendCodePoint(Character.isISOControl(c) ? '?' : c));
    return clean.toString();
  }
}
