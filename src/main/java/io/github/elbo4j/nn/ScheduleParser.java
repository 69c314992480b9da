package io.github.elbo4j.nn;

import java.util.ArrayList;
import java.util.List;

/** Reads the notation of {@link Schedule#parse}. */
final class ScheduleParser {
  private static final String FORMS =
      "constant, steps:STEP=FACTOR,…, cosine:STEPS[:FLOOR], warmup:STEPS,"
          + " or several joined by + (a length with an e behind it is in epochs)";

  private ScheduleParser() {}

  static Schedule parse(String text) {
    List<Schedule> parts = new ArrayList<>();
    for (String part : text.strip().split("\\+", -1)) {
      try {
        parts.add(part(part.strip()));
      } catch (IllegalArgumentException e) {
        String why = String.valueOf(e.getMessage()).replaceFirst("^Schedule: ", "");
        throw new IllegalArgumentException("schedule \"" + text + "\": " + why, e);
      }
    }
    return parts.size() == 1 ? parts.get(0) : new Schedule.Product(parts);
  }

  private static Schedule part(String text) {
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    String rest = colon < 0 ? "" : text.substring(colon + 1);
    return switch (name) {
      case "constant" -> {
        if (colon >= 0) {
          throw new IllegalArgumentException("constant takes no number");
        }
        yield Schedule.constant();
      }
      case "steps" -> new Schedule.Steps(changes(rest));
      case "cosine" -> cosine(rest);
      case "warmup" -> new Schedule.Warmup(span("warmup", rest));
      default -> throw new IllegalArgumentException("\"" + text + "\" must be one of " + FORMS);
    };
  }

  private static List<Schedule.Change> changes(String text) {
    List<Schedule.Change> changes = new ArrayList<>();
    for (String change : text.split(",", -1)) {
      int equals = change.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException(
            "steps needs STEP=FACTOR, such as 1000=0.5, where it has \"" + change + "\"");
      }
      Schedule.Span from = span("steps", change.substring(0, equals));
      changes.add(new Schedule.Change(from, factor("steps", change.substring(equals + 1))));
    }
    return changes;
  }

  private static Schedule cosine(String text) {
    int colon = text.indexOf(':');
    String length = colon < 0 ? text : text.substring(0, colon);
    double floor = colon < 0 ? 0 : factor("cosine", text.substring(colon + 1));
    return new Schedule.Cosine(span("cosine", length), floor);
  }

  private static Schedule.Span span(String owner, String text) {
    boolean epochs = text.endsWith("e");
    String digits = epochs ? text.substring(0, text.length() - 1) : text;
    try {
      return new Schedule.Span(Integer.parseInt(digits.strip()), epochs);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          owner
              + " needs a whole number of steps (or of epochs: 10e) where it has \""
              + text
              + "\"",
          e);
    }
  }

  private static double factor(String owner, String text) {
    try {
      return Double.parseDouble(text.strip());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          owner + " needs a number where it has \"" + text + "\"", e);
    }
  }

  /** A whole number without its fraction. */
  static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
