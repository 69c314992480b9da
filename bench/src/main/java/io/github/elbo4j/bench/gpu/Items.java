package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.train.JsonLine;

/**
 * What the processes of a check print: {@code #i name} before item i, a JSON object a line for what
 * came of it, {@code #end} when all is done. Whoever reads it can go on after an item that ended
 * the process.
 */
final class Items {
  static final String FROM = "--from=";
  static final String END = "#end";

  /** Status of a process that cannot go on, since the device answers nothing any more. */
  static final int LOST = 3;

  private final int from;
  private int next;

  /** Reads {@code --from=i} from the arguments, 0 unless there. */
  Items(String... args) {
    int first = 0;
    for (String arg : args) {
      first = arg.startsWith(FROM) ? Integer.parseInt(arg.substring(FROM.length())) : first;
    }
    from = first;
  }

  /** Announces the next item; false where it was done before. */
  boolean begin(String name) {
    int i = next++;
    if (i >= from) {
      System.out.println("#" + i + " " + name);
    }
    return i >= from;
  }

  static void row(JsonLine row) {
    System.out.println(row);
  }

  static void failed(String item, Throwable why) {
    row(new JsonLine().put("item", item).put("error", reasons(why)));
  }

  static void end() {
    System.out.println(END);
  }

  /** The messages of a failure and of its causes. */
  static String reasons(Throwable failure) {
    StringBuilder all = new StringBuilder();
    for (Throwable t = failure; t != null; t = t.getCause()) {
      all.append(all.isEmpty() ? "" : ": ").append(t.getMessage() == null ? t : t.getMessage());
    }
    return all.toString();
  }
}
