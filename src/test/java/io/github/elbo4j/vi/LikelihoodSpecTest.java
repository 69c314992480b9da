package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.GaussianLikelihood.Variance;
import io.github.elbo4j.vi.LikelihoodSpec.BernoulliSpec;
import io.github.elbo4j.vi.LikelihoodSpec.GaussianSpec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LikelihoodSpecTest {
  private static final LogVarBounds BOUNDS = new LogVarBounds(-10, 10);

  private static Vae.Spec spec(String likelihood) {
    return new Vae.Spec(
        3, List.of(4), 2, Activation.RELU, LikelihoodSpec.parse(likelihood), BOUNDS);
  }

  @Test
  void parses() {
    assertThat(LikelihoodSpec.parse("bernoulli")).isEqualTo(new BernoulliSpec());
    GaussianSpec fixed = (GaussianSpec) LikelihoodSpec.parse("gaussian:0.5");
    assertThat(fixed.variance()).isEqualTo(Variance.FIXED);
    assertThat(fixed.logVar()).isCloseTo((float) Math.log(0.25), within(1e-6f));
    assertThat(LikelihoodSpec.parse("gaussian")).isEqualTo(LikelihoodSpec.parse("gaussian:scalar"));
  }

  @ParameterizedTest
  @CsvSource({"scalar, SCALAR", "dimension, DIMENSION", "element, ELEMENT"})
  void learnedVariancesStartAtADeviationOfThreeTenths(String form, Variance variance) {
    GaussianSpec spec = (GaussianSpec) LikelihoodSpec.parse("gaussian:" + form);
    assertThat(spec.variance()).isEqualTo(variance);
    assertThat(spec.logVar()).isCloseTo((float) Math.log(0.09), within(1e-6f));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Bernoulli",
        "gauss",
        "gaussian:",
        "gaussian:0",
        "gaussian:-1",
        "gaussian:NaN",
        "gaussian:Infinity",
        "gaussian:row",
        "laplace"
      })
  void refusesOtherNames(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LikelihoodSpec.parse(text))
        .withMessage(
            "likelihood \""
                + text
                + "\" must be bernoulli, gaussian, gaussian:scalar, gaussian:dimension,"
                + " gaussian:element or gaussian:SIGMA with SIGMA > 0");
  }

  @ParameterizedTest
  @CsvSource({"1,1", "2,1", "NaN,1", "0,NaN", "-Infinity,1", "0,Infinity"})
  void boundsAreAnInterval(float low, float high) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LogVarBounds(low, high))
        .withMessage(
            "LogVarBounds: low %s and high %s must be finite and low < high".formatted(low, high));
  }

  /** The untrained model's picture is the mean picture: its logit, kept away from 0 and 1. */
  @Test
  void bernoulliStartsAtTheMeanOfTheData() {
    Vae.Spec spec = spec("bernoulli");
    Parameters parameters = spec.parameters(1, new double[] {0, 0.3, 1});
    float[] bias = parameters.value("likelihood.logits.bias").toArray();
    assertThat(bias[0]).isCloseTo((float) Math.log(0.001 / 0.999), within(1e-5f));
    assertThat(bias[1]).isCloseTo((float) Math.log(0.3 / 0.7), within(1e-6f));
    assertThat(bias[2]).isCloseTo((float) Math.log(0.999 / 0.001), within(1e-5f));
    Var origin = Var.constant(Tensor.zeros(1, 2));
    Tensor picture =
        new Vae(spec, parameters).decodeMean(new Tape(Backends.reference()), origin, null).value();
    assertThat(picture.toArray())
        .usingComparatorWithPrecision(1e-6f)
        .containsExactly(0.001f, 0.3f, 0.999f);
    assertThat(spec.parameters(1, null).value("likelihood.logits.bias").toArray()).containsOnly(0f);
  }

  @Test
  void gaussianStartsAtTheMeanOfTheData() {
    Vae.Spec spec = spec("gaussian:dimension");
    Parameters parameters = spec.parameters(1, new double[] {-2, 0.25, 7});
    assertThat(parameters.value("likelihood.mean.bias").toArray()).containsExactly(-2, 0.25f, 7);
    Var origin = Var.constant(Tensor.zeros(1, 2));
    Vae vae = new Vae(spec, parameters);
    assertThat(vae.decodeMean(new Tape(Backends.reference()), origin, null).value().toArray())
        .containsExactly(-2, 0.25f, 7);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "bernoulli; likelihood.logits.weight [4,3] likelihood.logits.bias [1,3]",
        "gaussian:0.1; likelihood.mean.weight [4,3] likelihood.mean.bias [1,3]",
        "gaussian:scalar;"
            + " likelihood.mean.weight [4,3] likelihood.mean.bias [1,3] likelihood.logVar [1,1]",
        "gaussian:dimension;"
            + " likelihood.mean.weight [4,3] likelihood.mean.bias [1,3] likelihood.logVar [1,3]",
        "gaussian:element;"
            + " likelihood.mean.weight [4,3] likelihood.mean.bias [1,3]"
            + " likelihood.logVar.weight [4,3] likelihood.logVar.bias [1,3]"
      })
  void parametersOfEachForm(String likelihood, String wanted) {
    List<String> names = new ArrayList<>();
    for (Parameters.Parameter p : spec(likelihood).parameters(1, null)) {
      if (p.name().startsWith("likelihood")) {
        names.add(p.name() + " " + p.value().shape());
      }
      if (p.name().startsWith("likelihood.logVar") && p.value().rows() == 1) {
        assertThat(p.value().toArray()).containsOnly((float) Math.log(0.09));
      }
    }
    assertThat(String.join(" ", names)).isEqualTo(wanted);
  }
}
