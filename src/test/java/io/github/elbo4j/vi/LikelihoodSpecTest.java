package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
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
  @ValueSource(strings = {"", "Bernoulli", "gauss", "poisson"})
  void refusesOtherNames(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LikelihoodSpec.parse(text))
        .withMessageStartingWith(
            "likelihood \""
                + text
                + "\" must be one of bernoulli, continuous-bernoulli, gaussian,");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "bernoulli:1; must be of the form bernoulli",
        "continuous-bernoulli:1; must be of the form continuous-bernoulli",
        "gaussian:; must be of the form gaussian:FORM with FORM scalar, dimension, element or a"
            + " number SIGMA > 0",
        "gaussian:0; or a number SIGMA > 0",
        "gaussian:-1; or a number SIGMA > 0",
        "gaussian:NaN; or a number SIGMA > 0",
        "gaussian:Infinity; or a number SIGMA > 0",
        "gaussian:row; or a number SIGMA > 0",
        "gaussian:1:2; or a number SIGMA > 0",
        "gaussian-learned:1; must be of the form gaussian-learned",
        "laplace:0; must be of the form laplace:FORM with FORM scalar, dimension, element or a"
            + " number SCALE > 0",
        "categorical; must be of the form categorical:LEVELS",
        "categorical:1; with a whole number of at least 2",
        "categorical:257; must have at most 256 LEVELS",
        "logistic256:row; must be of the form logistic256:FORM"
      })
  void refusesOtherForms(String text, String problem) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LikelihoodSpec.parse(text))
        .withMessageStartingWith("likelihood \"" + text + "\" ")
        .withMessageContaining(problem);
  }

  @Test
  void parsesTheOthers() {
    assertThat(LikelihoodSpec.parse("gaussian-learned"))
        .isEqualTo(LikelihoodSpec.parse("gaussian:element"));
    assertThat(LikelihoodSpec.parse("laplace:0.25"))
        .isEqualTo(new LikelihoodSpec.LaplaceSpec(Variance.FIXED, (float) Math.log(0.25)));
    assertThat(LikelihoodSpec.parse("categorical:16").levels()).isEqualTo(16);
    assertThat(LikelihoodSpec.parse("logistic256").levels()).isEqualTo(256);
    assertThat(LikelihoodSpec.parse("laplace").levels()).isZero();
    // variances 2·b² and s²·π²/3
    LikelihoodSpec.LaplaceSpec laplace =
        (LikelihoodSpec.LaplaceSpec) LikelihoodSpec.parse("laplace");
    assertThat(2 * Math.exp(2 * laplace.logScale())).isCloseTo(0.09, within(1e-6));
    LikelihoodSpec.LogisticSpec logistic =
        (LikelihoodSpec.LogisticSpec) LikelihoodSpec.parse("logistic256");
    assertThat(Math.exp(2 * logistic.logScale()) * Math.PI * Math.PI / 3)
        .isCloseTo(0.09, within(1e-6));
  }

  /** The untrained model's picture is the mean picture, also where that is not the natural one. */
  @ParameterizedTest
  @CsvSource({
    "continuous-bernoulli, 0.02",
    "laplace, 0",
    "logistic256, 0",
    "categorical:2, 0.01",
    "categorical:9, 0.01",
    "categorical:256, 0.01"
  })
  void startsAtTheMeanOfTheData(String likelihood, float least) {
    Vae.Spec spec = spec(likelihood);
    Parameters parameters = spec.parameters(1, new double[] {0, 0.3, 1});
    Var origin = Var.constant(Tensor.zeros(1, 2));
    for (Backend backend : List.of(Backends.reference(), Backends.simd())) {
      Tensor picture =
          new Vae(spec, parameters).decodeMean(new Tape(backend), origin, null).value();
      assertThat(picture.toArray())
          .usingComparatorWithPrecision(2e-5f)
          .containsExactly(least, 0.3f, 1 - least);
    }
  }

  /** E[x|z] of logits against sums and integrals. */
  @Test
  void meansAreTheFormulas() {
    double[] logits = {-3, -0.5, 1e-6, 2, 6, 0.25};
    Parameters parameters = spec("continuous-bernoulli").parameters(1, null);
    set(parameters, "likelihood.logits.bias", logits[0], logits[1], logits[3]);
    float[] picture = picture("continuous-bernoulli", parameters);
    int[] which = {0, 1, 3};
    for (int n = 0; n < 3; n++) {
      double l = logits[which[n]];
      double mean = 0;
      double mass = 0;
      for (int i = 0; i < 100_000; i++) { // midpoints
        double x = (i + 0.5) / 100_000;
        mass += Math.exp(l * x);
        mean += x * Math.exp(l * x);
      }
      assertThat((double) picture[n]).isCloseTo(mean / mass, within(1e-5));
    }
    parameters = spec("categorical:2").parameters(1, null);
    set(parameters, "likelihood.logits.bias", logits);
    picture = picture("categorical:2", parameters);
    for (int n = 0; n < 3; n++) {
      double p = 1 / (1 + Math.exp(logits[2 * n] - logits[2 * n + 1]));
      assertThat((double) picture[n]).isCloseTo(p, within(1e-6));
    }
  }

  private static void set(Parameters parameters, String name, double... numbers) {
    Tensor t = parameters.value(name);
    for (int i = 0; i < numbers.length; i++) {
      t.array()[t.offset() + i] = (float) numbers[i];
    }
  }

  private static float[] picture(String likelihood, Parameters parameters) {
    Var origin = Var.constant(Tensor.zeros(1, 2));
    return new Vae(spec(likelihood), parameters)
        .decodeMean(new Tape(Backends.simd()), origin, null)
        .value()
        .toArray();
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
