package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpecTextTest {
  private static final String FORM = "renyi:ALPHA:SAMPLES";

  @Test
  void takesNamesAndArgumentsApart() {
    SpecText spec = SpecText.of("objective", "renyi:-0.5:50");
    assertThat(spec.name()).isEqualTo("renyi");
    assertThat(spec.expect(2, FORM)).isSameAs(spec);
    assertThat(spec.number(0, Double.NEGATIVE_INFINITY, FORM)).isEqualTo(-0.5);
    assertThat(spec.integer(1, 1, FORM)).isEqualTo(50);
    assertThat(spec.integer(2, 1, FORM, 7)).isEqualTo(7);
    assertThat(spec.number(2, 0, FORM, 0.25)).isEqualTo(0.25);
  }

  @Test
  void refusesWithTheForm() {
    SpecText spec = SpecText.of("objective", "renyi:x:0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> spec.expect(1, FORM))
        .withMessage("objective \"renyi:x:0\" must be of the form renyi:ALPHA:SAMPLES");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> spec.number(0, 0, FORM))
        .withMessage(
            "objective \"renyi:x:0\" must be of the form renyi:ALPHA:SAMPLES"
                + " with a number of at least 0 where \"x\" stands");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> spec.number(0, Double.NEGATIVE_INFINITY, FORM))
        .withMessageContaining("with a finite number where \"x\" stands");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> spec.integer(1, 1, FORM))
        .withMessageContaining("with a whole number of at least 1 where \"0\" stands");
  }

  @Test
  void suggestsTheNearestName() {
    List<String> forms = List.of("diagonal", "planar:LENGTH", "radial:LENGTH");
    assertThat(SpecText.of("posterior", "palnar:8").unknown(forms))
        .hasMessage(
            "posterior \"palnar:8\" must be one of diagonal, planar:LENGTH, radial:LENGTH;"
                + " did you mean planar:LENGTH?");
    assertThat(SpecText.of("posterior", "xyzzyx").unknown(forms))
        .hasMessage("posterior \"xyzzyx\" must be one of diagonal, planar:LENGTH, radial:LENGTH");
  }
}
