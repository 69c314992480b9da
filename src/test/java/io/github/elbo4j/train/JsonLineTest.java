package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

final class JsonLineTest {
  @Test
  void writesOneLineInTheOrderOfTheCalls() {
    JsonLine line =
        new JsonLine()
            .put("z", 1.5)
            .put("a", 1L << 60)
            .put("flag", true)
            .put("none", (String) null)
            .put("nan", Double.NaN)
            .put("infinite", Double.NEGATIVE_INFINITY)
            .put("inner", new JsonLine().put("x", 0))
            .put("numbers", new double[] {1, Double.NaN})
            .put("integers", new int[] {3, -4})
            .put("rows", new double[][] {{1, 2}, {}})
            .put("list", List.of(new JsonLine(), new JsonLine().put("y", "1")));
    assertThat(line)
        .hasToString(
            "{\"z\":1.5,\"a\":1152921504606846976,\"flag\":true,\"none\":null,\"nan\":null,"
                + "\"infinite\":null,\"inner\":{\"x\":0},\"numbers\":[1.0,null],\"integers\":[3,-4],\"rows\":[[1.0,2.0],[]],\"list\":[{},{\"y\":\"1\"}]}");
  }

  @Test
  void escapesEverythingThatIsNotPlainAscii() {
    assertThat(new JsonLine().put("ü\"", "a\nb\r\t\\\u0000\u2028𝕏"))
        .hasToString("{\"\\u00FC\\\"\":\"a\\nb\\r\\t\\\\\\u0000\\u2028\\uD835\\uDD4F\"}");
  }

  @Test
  void refusesAMemberTwice() {
    assertThatThrownBy(() -> new JsonLine().put("a", 1).put("a", (String) null))
        .hasMessage("JSON member 'a' is there already");
  }
}
