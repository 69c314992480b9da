package io.github.elbo4j.vi;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A specification as users write it: a name and arguments, all joined by colons ({@code
 * renyi:0.5:50}). Whatever is wrong is refused with a sentence that shows the form.
 *
 * @param key what is specified: {@code posterior}, {@code objective}, …
 * @param text all of it
 * @param name what stands before the first colon
 * @param arguments what stands behind it
 */
public record SpecText(String key, String text, String name, List<String> arguments) {
  public SpecText {
    arguments = List.copyOf(arguments);
  }

  /**
   * The forms that a text for {@code --help} explains.
   *
   * @param help lines joined by {@code %n}, each of forms joined by commas, a colon, a space and
   *     what they are
   */
  public static List<String> forms(String help) {
    return Arrays.stream(help.split("%n"))
        .map(line -> line.substring(0, line.indexOf(": ")).replace(" (default)", ""))
        .flatMap(names -> Arrays.stream(names.split(", ")))
        .toList();
  }

  /** Takes {@code text} apart. */
  public static SpecText of(String key, String text) {
    List<String> parts = List.of(text.split(":", -1));
    return new SpecText(key, text, parts.getFirst(), parts.subList(1, parts.size()));
  }

  /**
   * Refuses any number of arguments other than {@code count}.
   *
   * @param form shown in the message, {@code planar:LENGTH} say
   */
  public SpecText expect(int count, String form) {
    return expect(count, count, form);
  }

  /** The same with a range. */
  public SpecText expect(int least, int most, String form) {
    if (arguments.size() < least || arguments.size() > most) {
      throw refusal("must be of the form " + form);
    }
    return this;
  }

  /** Argument {@code i} as a whole number of at least {@code least}. */
  public int integer(int i, int least, String form) {
    try {
      int value = Integer.parseInt(arguments.get(i));
      if (value >= least) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Falls through to the message below, which names the form.
    }
    throw refusal(
        "must be of the form %s with a whole number of at least %d where \"%s\" stands"
            .formatted(form, least, arguments.get(i)));
  }

  /** Argument {@code i}, or {@code otherwise} when there are not so many. */
  public int integer(int i, int least, String form, int otherwise) {
    return i < arguments.size() ? integer(i, least, form) : otherwise;
  }

  /** Argument {@code i} as a finite number of at least {@code least}. */
  public double number(int i, double least, String form) {
    try {
      double value = Double.parseDouble(arguments.get(i));
      if (value >= least && Double.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Falls through to the message below, which names the form.
    }
    String range =
        least == Double.NEGATIVE_INFINITY
            ? "a finite number"
            : String.format(Locale.ROOT, "a number of at least %s", plain(least));
    throw refusal(
        "must be of the form %s with %s where \"%s\" stands"
            .formatted(form, range, arguments.get(i)));
  }

  /** Argument {@code i}, or {@code otherwise} when there are not so many. */
  public double number(int i, double least, String form, double otherwise) {
    return i < arguments.size() ? number(i, least, form) : otherwise;
  }

  /**
   * An unknown name: lists the known forms and suggests the nearest.
   *
   * @param forms every form, {@code planar:LENGTH} say
   */
  public IllegalArgumentException unknown(List<String> forms) {
    String nearest = "";
    int least = Integer.MAX_VALUE;
    for (String form : forms) {
      int distance = distance(name, form.split("[:\\[]", 2)[0]);
      if (distance < least) {
        least = distance;
        nearest = form;
      }
    }
    String hint = least <= Math.max(2, name.length() / 3) ? "; did you mean " + nearest + "?" : "";
    return refusal("must be one of " + String.join(", ", forms) + hint);
  }

  /** {@code key "text" …}. */
  public IllegalArgumentException refusal(String problem) {
    return new IllegalArgumentException("%s \"%s\" %s".formatted(key, text, problem));
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }

  /** Insertions, deletions and replacements from a to b (Levenshtein). */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(above, row[j - 1]));
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
