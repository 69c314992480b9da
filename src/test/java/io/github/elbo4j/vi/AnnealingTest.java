package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnnealingTest {
  /** Ten steps an epoch. */
  @ParameterizedTest
  @CsvSource({
    "0, 0, 1",
    "3, 0, 0",
    "3, 15, 0.5",
    "3, 30, 1",
    "3, 1000000000000, 1",
    "cyclical:4, 0, 0",
    "cyclical:4, 10, 0.5",
    "cyclical:4, 20, 1",
    "cyclical:4, 39, 1",
    "cyclical:4, 40, 0",
    "cyclical:4:1, 39, 0.975",
    "cyclical:4:0, 40, 1"
  })
  void isTheFormula(String text, long step, double factor) {
    assertThat(Annealing.parse(text, 10).at(step)).isEqualTo(factor);
  }

  @Test
  void knowsWhetherItChanges() {
    assertThat(Annealing.parse("0", 10).changes()).isFalse();
    assertThat(Annealing.parse("cyclical:4:0", 10).changes()).isFalse();
    assertThat(Annealing.parse("1", 10).changes()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "x", "1.5", "cyclical", "cyclical:0", "cyclical:2:1.5"})
  void refusesOthers(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Annealing.parse(text, 10))
        .withMessageStartingWith("warmup \"" + text + "\" must ")
        .withMessageContaining("cyclical:EPOCHS[:FRACTION]");
  }
}
