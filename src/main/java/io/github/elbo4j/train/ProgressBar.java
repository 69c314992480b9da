package io.github.elbo4j.train;

import java.io.PrintStream;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A progress bar below the lines of a log. On a terminal it redraws itself in place, at most ten
 * times a second, and leaves nothing behind. Elsewhere (a pipe, a file, {@code TERM=dumb}) it draws
 * nothing, so only the plain lines appear. {@code NO_COLOR} takes away the colour.
 *
 * <p>For one thread. Everything else that writes to the same stream goes through {@link #println}.
 */
public final class ProgressBar implements AutoCloseable {
  private static final long REDRAW_NANOS = 100_000_000;
  private static final int DEFAULT_WIDTH = 80;
  private static final int BAR_CELLS = 20;

  private final PrintStream out;
  private final LongSupplier nanoTime;
  private final boolean draws;
  private final boolean colours;
  private final int width;
  private int shown;
  private boolean drawnBefore;
  private long lastDrawn;

  /**
   * A bar on {@code out}.
   *
   * @param terminal whether {@code out} is a terminal
   * @param environment the process's environment: NO_COLOR, TERM and COLUMNS count
   * @param nanoTime the clock, as {@link System#nanoTime}
   */
  public ProgressBar(
      PrintStream out, boolean terminal, Map<String, String> environment, LongSupplier nanoTime) {
    this.out = out;
    this.nanoTime = nanoTime;
    draws = terminal && !environment.getOrDefault("TERM", "").equals("dumb");
    colours = draws && environment.getOrDefault("NO_COLOR", "").isEmpty();
    width = width(environment.getOrDefault("COLUMNS", ""));
  }

  private static int width(String columns) {
    return columns.matches("[1-9][0-9]{0,3}") ? Integer.parseInt(columns) : DEFAULT_WIDTH;
  }

  /**
   * Shows {@code done} of {@code total}; cheap enough for every step.
   *
   * @param total at least 1
   * @param label what is being done, before the bar
   * @param status how it goes, after the bar; cut where the line ends
   */
  public void update(String label, long done, long total, String status) {
    if (!draws) {
      return;
    }
    long now = nanoTime.getAsLong();
    if (drawnBefore && now - lastDrawn < REDRAW_NANOS) {
      return;
    }
    drawnBefore = true;
    lastDrawn = now;
    double part = Math.clamp((double) done / total, 0, 1);
    int filled = (int) (part * BAR_CELLS);
    String head = "%s [".formatted(label);
    String tail = "] %3d%% %s".formatted((int) (part * 100), status);
    redraw(head, "#".repeat(filled), "-".repeat(BAR_CELLS - filled) + tail);
  }

  /** The last column stays free: a character there makes some terminals start a new line. */
  private void redraw(String head, String filled, String tail) {
    int room = Math.max(0, width - 1);
    String text = head + filled + tail;
    String visible = text.substring(0, Math.min(room, text.length()));
    StringBuilder line = new StringBuilder("\r").append(visible);
    if (colours && visible.length() > head.length()) {
      int end = Math.min(visible.length(), head.length() + filled.length());
      line.insert(1 + end, "\u001b[0m").insert(1 + head.length(), "\u001b[36m");
    }
    // Spaces over what a longer line left, instead of a control sequence.
    line.append(" ".repeat(Math.max(0, shown - visible.length())));
    shown = Math.max(shown, visible.length());
    out.print(line);
    out.flush();
  }

  /** Prints a line that stays, above the bar. */
  public void println(String line) {
    close();
    out.println(line);
    out.flush();
  }

  /** Wipes the bar; the cursor is back at the start of the line. */
  @Override
  public void close() {
    if (shown > 0) {
      out.print("\r" + " ".repeat(shown) + "\r");
      out.flush();
      shown = 0;
    }
  }
}
