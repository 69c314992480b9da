package io.github.elbo4j.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether a person watches. */
final class Terminal {
  private static final Path STDERR = Path.of("/proc/self/fd/2");

  private Terminal() {}

  /**
   * Whether standard error is a terminal. Java only knows of standard input and output, and the
   * answer must not depend on those: {@code elbo4j train 2>log} on a terminal has no one to watch a
   * bar. Linux says where a descriptor leads; elsewhere Java's answer has to do.
   */
  @SuppressWarnings("SystemConsoleNull") // the library says never null, its declaration says maybe
  static boolean isStderr() {
    if (Files.isSymbolicLink(STDERR)) {
      try {
        String target = Files.readSymbolicLink(STDERR).toString();
        return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
      } catch (IOException e) {
        return false; // nothing is lost but a bar
      }
    }
    Console console = System.console();
    return console != null && console.isTerminal();
  }
}
