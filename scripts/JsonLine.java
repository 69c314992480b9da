import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Fails unless the last line of standard input is one JSON object that has the keys given as
 * arguments; {@code a>b} also wants the number a to be above the number b. Run from its source, with
 * the jars of target/dist/lib on the class path.
 */
public final class JsonLine {
  private JsonLine() {}

  public static void main(String[] wanted) throws Exception {
    List<String> lines = new String(System.in.readAllBytes(), "UTF-8").lines().toList();
    if (lines.isEmpty()) {
      fail("nothing on standard output");
    }
    Map<String, Object> values = read(lines.getLast());
    for (String want : wanted) {
      String[] sides = want.split(">");
      for (String key : sides) {
        if (!values.containsKey(key)) {
          fail("no " + key + " in " + lines.getLast());
        }
      }
      if (sides.length == 2 && !(number(values, sides[0]) > number(values, sides[1]))) {
        fail(want + " does not hold in " + lines.getLast());
      }
    }
    System.out.println(lines.getLast());
  }

  private static Map<String, Object> read(String line) {
    Map<String, Object> values = new HashMap<>();
    try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), line)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        fail("not a JSON object: " + line);
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        JsonToken token = parser.nextToken();
        values.put(key, token.isNumeric() ? (Object) parser.getDoubleValue() : token);
        parser.skipChildren();
      }
      if (parser.nextToken() != null) {
        fail("more than one JSON object: " + line);
      }
    }
    return values;
  }

  private static double number(Map<String, Object> values, String key) {
    return values.get(key) instanceof Double value ? value : Double.NaN;
  }

  private static void fail(String why) {
    System.err.println("JsonLine: " + why);
    System.exit(1);
  }
}
