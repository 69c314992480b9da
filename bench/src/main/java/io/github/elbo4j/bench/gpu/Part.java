package io.github.elbo4j.bench.gpu;

import io.github.elbo4j.bench.report.Json;
import io.github.elbo4j.train.JsonLine;
import java.util.List;
import java.util.Map;

/**
 * A part of a check.
 *
 * @param name such as {@code kernels}
 * @param items how many were begun
 * @param rows JSON objects, one an item or more
 * @param reason why it is not whole, empty where it is
 * @param seconds that it took
 */
record Part(String name, int items, List<String> rows, String reason, double seconds) {
  static Part skipped(String name, String reason) {
    return new Part(name, 0, List.of(), reason, 0);
  }

  boolean whole() {
    return reason.isEmpty();
  }

  /** The rows that have that member, read. */
  List<Row> rowsWith(String member) {
    return rows.stream().map(Row::of).filter(row -> row.has(member)).toList();
  }

  /** What failed in it. */
  List<Row> failures() {
    return rowsWith("error");
  }

  JsonLine toJson() {
    return new JsonLine()
        .put("part", name)
        .put("items", items)
        .put("failures", failures().size())
        .put("seconds", Math.round(seconds * 10) / 10.0)
        .put("whole", whole())
        .put("reason", reason);
  }

  /**
   * A row, read.
   *
   * @param members by name
   */
  record Row(Map<?, ?> members) {
    static Row of(String json) {
      return new Row(Json.object(json));
    }

    boolean has(String member) {
      return members.containsKey(member);
    }

    /** A member as text, empty where there is none. */
    String text(String member) {
      Object value = members.get(member);
      return value == null ? "" : value.toString();
    }

    /** A number, NaN where there is none. */
    double number(String member) {
      return members.get(member) instanceof Double d ? d : Double.NaN;
    }

    boolean flag(String member) {
      return Boolean.TRUE.equals(members.get(member));
    }

    /** An object, empty where there is none. */
    Row row(String member) {
      return new Row(members.get(member) instanceof Map<?, ?> m ? m : Map.of());
    }

    /** Objects of a list, none where there is no such list. */
    List<Row> rows(String member) {
      return members.get(member) instanceof List<?> list
          ? list.stream().filter(Map.class::isInstance).map(m -> new Row((Map<?, ?>) m)).toList()
          : List.of();
    }
  }
}
