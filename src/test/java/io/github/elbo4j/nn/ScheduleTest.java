package io.github.elbo4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {
  /** Factors worked out from the formulas; 50 steps in an epoch. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "constant                    |      0 | 1",
        "constant                    | 999999 | 1",
        "steps:10=0.5,20=0.1         |      0 | 1",
        "steps:10=0.5,20=0.1         |      9 | 1",
        "steps:10=0.5,20=0.1         |     10 | 0.5",
        "steps:10=0.5,20=0.1         |     19 | 0.5",
        "steps:10=0.5,20=0.1         |     20 | 0.1",
        "steps:10=0.5,20=0.1         | 999999 | 0.1",
        "steps:2e=0.5,3e=0.1         |     99 | 1",
        "steps:2e=0.5,3e=0.1         |    100 | 0.5",
        "steps:2e=0.5,3e=0.1         |    150 | 0.1",
        "steps:0=0.25                |      0 | 0.25",
        "cosine:100                  |      0 | 1",
        "cosine:100                  |     25 | 0.8535533905932737",
        "cosine:100                  |     50 | 0.5",
        "cosine:100                  |    100 | 0",
        "cosine:100                  |    101 | 0",
        "cosine:2e                   |     50 | 0.5",
        "cosine:100:0.2              |      0 | 1",
        "cosine:100:0.2              |     50 | 0.6",
        "cosine:100:0.2              |    500 | 0.2",
        "warmup:4                    |      0 | 0.25",
        "warmup:4                    |      2 | 0.75",
        "warmup:4                    |      3 | 1",
        "warmup:4                    |      4 | 1",
        "warmup:1e                   |     24 | 0.5",
        "warmup:100+cosine:100       |     49 | 0.257852",
        "warmup:4+steps:1=0.5        |      2 | 0.375",
        "warmup:4+warmup:2+constant  |      0 | 0.125"
      })
  void factors(String text, long step, double factor) {
    Schedule schedule = Schedule.parse(text);
    assertThat(schedule.factor(step, 50)).isCloseTo(factor, within(1e-6));
    assertThat(schedule.learningRate(1e-3, step, 50)).isCloseTo(1e-3 * factor, within(1e-9));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "constant",
        "steps:10=0.5,20=0.1",
        "steps:3e=0.5",
        "cosine:100",
        "cosine:20e:0.1",
        "warmup:500+cosine:5000",
        "warmup:1e+steps:10e=0.5+constant"
      })
  void textComesBack(String text) {
    Schedule schedule = Schedule.parse(text);
    assertThat(schedule).hasToString(text);
    assertThat(Schedule.parse(schedule.toString())).isEqualTo(schedule);
  }

  @Test
  void spacesAreFree() {
    assertThat(Schedule.parse(" warmup: 5 + steps: 10 = 0.5 , 20=1 "))
        .hasToString("warmup:5+steps:10=0.5,20=1.0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "linear:5       | \"linear:5\" must be one of constant, steps:STEP=FACTOR,…, cosine:STEPS",
        "''             | \"\" must be one of constant",
        "warmup:5+      | \"\" must be one of constant",
        "constant:3     | constant takes no number",
        "warmup         | warmup needs a whole number of steps (or of epochs: 10e) where it has",
        "warmup:0       | warmup length 0 must be >= 1",
        "warmup:1.5     | warmup needs a whole number of steps (or of epochs: 10e) where it has"
            + " \"1.5\"",
        "cosine:-3      | length -3 must be >= 0",
        "cosine:10:x    | cosine needs a number where it has \"x\"",
        "cosine:10:2    | cosine floor 2 must be in [0,1]",
        "cosine:10:NaN  | cosine floor NaN must be in [0,1]",
        "steps:10       | steps needs STEP=FACTOR, such as 1000=0.5, where it has \"10\"",
        "steps:10=a     | steps needs a number where it has \"a\"",
        "steps:10=-1    | factor -1 must be >= 0",
        "steps:9=1,9=2  | change at 9 must come after the one at 9",
        "steps:9=1,5=2  | change at 5 must come after the one at 9",
        "steps:9=1,10e=2| change at 10e must come after the one at 9, both in steps or both in"
            + " epochs"
      })
  void badTextIsRefusedInOneLine(String text, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.parse(text))
        .withMessageStartingWith("schedule \"" + text + "\": " + why)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }
}
