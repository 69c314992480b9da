package io.github.elbo4j.bench.report;

import io.github.elbo4j.bench.Spread;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Two files of results, row by row. A time has changed when the ranges over the forks do not
 * overlap and the medians differ by 5 %: with five forks a side, ranges lie apart by chance in one
 * row of 126, and by a hair more often than that, since a machine is not quite the same from day to
 * day.
 */
public final class Comparison {
  /** Share of the old median below which a change is no news. */
  static final double SMALL = 0.05;

  /** What became of a row. */
  public enum Verdict {
    SAME,
    SLOWER,
    FASTER,
    /** Not in the new file. */
    GONE,
    /** Not in the old file. */
    ADDED
  }

  /**
   * One row.
   *
   * @param row kernel, shape and backend
   * @param verdict what became of it
   * @param text the two times
   */
  public record Change(String row, Verdict verdict, String text) {}

  private final List<Change> changes = new ArrayList<>();
  private final boolean sameCpu;

  /**
   * Compares.
   *
   * @param old text of a JSON file of results
   * @param young text of a later one
   */
  public Comparison(String old, String young) {
    Map<?, ?> before = Json.object(old);
    Map<?, ?> after = Json.object(young);
    sameCpu = cpu(before).equals(cpu(after));
    Map<String, Spread> oldRows = rows(before);
    Map<String, Spread> newRows = rows(after);
    newRows.forEach((row, time) -> changes.add(change(row, oldRows.get(row), time)));
    oldRows.forEach(
        (row, time) -> {
          if (!newRows.containsKey(row)) {
            changes.add(new Change(row, Verdict.GONE, nanos(time)));
          }
        });
  }

  private static Change change(
      String row, @org.jspecify.annotations.Nullable Spread old, Spread young) {
    if (old == null) {
      return new Change(row, Verdict.ADDED, nanos(young));
    }
    double ratio = young.median() / old.median();
    boolean news = Math.abs(ratio - 1) > SMALL;
    Verdict verdict =
        news && young.min() > old.max()
            ? Verdict.SLOWER
            : news && young.max() < old.min() ? Verdict.FASTER : Verdict.SAME;
    String text = nanos(old) + " → " + nanos(young);
    return new Change(row, verdict, text + String.format(Locale.ROOT, ", %.2f×", ratio));
  }

  private static String nanos(Spread time) {
    return String.format(Locale.ROOT, "%.1f ns (%.1f–%.1f)", time.median(), time.min(), time.max());
  }

  private static Object cpu(Map<?, ?> file) {
    Map<?, ?> conditions = (Map<?, ?>) member(file, "conditions");
    return member((Map<?, ?>) member(conditions, "machine"), "cpu");
  }

  private static Map<String, Spread> rows(Map<?, ?> file) {
    Map<String, Spread> rows = new LinkedHashMap<>();
    for (Object element : (List<?>) member(file, "rows")) {
      Map<?, ?> row = (Map<?, ?>) element;
      String key =
          member(row, "kernel") + " " + member(row, "shape") + " " + member(row, "backend");
      rows.put(
          key,
          new Spread(
              (Double) member(row, "nsPerCall"),
              (Double) member(row, "nsMin"),
              (Double) member(row, "nsMax")));
    }
    return rows;
  }

  private static Object member(Map<?, ?> object, String name) {
    Object value = object.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no \"" + name + "\": not a file of kernel results");
    }
    return value;
  }

  /** Every row: those of the new file in its order, then what is gone. */
  public List<Change> changes() {
    return List.copyOf(changes);
  }

  /** True where a row has become slower. */
  public boolean slower() {
    return changes.stream().anyMatch(change -> change.verdict == Verdict.SLOWER);
  }

  /** What is not the same, and a count. */
  public String toMarkdown() {
    StringBuilder text = new StringBuilder();
    if (!sameCpu) {
      text.append("The two files are of different CPUs: times say nothing about the code.\n\n");
    }
    List<Change> news = changes.stream().filter(c -> c.verdict != Verdict.SAME).toList();
    if (!news.isEmpty()) {
      text.append("| row | verdict | old → new |\n|---|---|---|\n");
      news.forEach(
          c -> text.append("| %s | %s | %s |%n".formatted(c.row, lower(c.verdict), c.text)));
      text.append('\n');
    }
    for (Verdict verdict : Verdict.values()) {
      long count = changes.stream().filter(change -> change.verdict == verdict).count();
      text.append(count).append(' ').append(lower(verdict)).append(", ");
    }
    text.setLength(text.length() - 2);
    return text.append('\n').toString();
  }

  private static String lower(Verdict verdict) {
    return verdict.name().toLowerCase(Locale.ROOT);
  }
}
