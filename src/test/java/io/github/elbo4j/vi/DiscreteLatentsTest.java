package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import io.github.elbo4j.vi.objective.Objectives;
import io.github.elbo4j.vi.posterior.Posteriors;
import io.github.elbo4j.vi.prior.Priors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Discrete posteriors and relaxed ones: densities, divergences, priors, and what is refused. */
class DiscreteLatentsTest {
  private static final int B = 3;
  private static final int H = 4;
  private static final int N = 2;
  private static final int C = 3;
  private static final int W = N * C;
  private static final NoiseKey NOISE = new NoiseKey(8, 2).at(5);

  /** A posterior with parameters of all sizes, and its prior. */
  private static final class Parts {
    final Parameters parameters;
    final Posterior posterior;
    final Prior prior;
    final Var h = Var.constant(TapeCheck.normal(1, 1, B, H));

    Parts(String name) {
      PosteriorSpec spec = Posteriors.parse(name, 2);
      Parameters.Builder builder = Parameters.builder();
      spec.declare(builder, H);
      parameters = builder.build(3);
      posterior = spec.build(parameters, new LogVarBounds(-10, 10));
      prior = spec.prior(PriorSpec.NORMAL).build(parameters, model(name), NO_ENCODER, posterior);
    }

    /** What the head gives, in double. */
    double[][] logits() {
      double[] w = Doubles.read(parameters.value("posterior.logits.weight"));
      int columns = w.length / H;
      double[][] logits = new double[B][columns];
      for (int b = 0; b < B; b++) {
        for (int i = 0; i < w.length; i++) {
          logits[b][i % columns] += h.value().get(b * H + i / columns) * w[i];
        }
      }
      return logits;
    }
  }

  private static final Encoder NO_ENCODER = (tape, x, told) -> x;

  private static Vae.Spec model(String posterior) {
    PosteriorSpec q = Posteriors.parse(posterior, 2);
    return new Vae.Spec(
        5,
        List.of(H),
        Activation.TANH,
        q,
        q.prior(PriorSpec.NORMAL),
        LikelihoodSpec.parse("bernoulli"),
        new LogVarBounds(-10, 10),
        0);
  }

  private static double[] softmax(double[] logits, int first, int count) {
    double[] e = Arrays.stream(logits, first, first + count).map(Math::exp).toArray();
    double sum = Arrays.stream(e).sum();
    return Arrays.stream(e).map(v -> v / sum).toArray();
  }

  /** Each variable is a softmax of its own logits; a binary one the sigmoid of its only one. */
  @ParameterizedTest
  @ValueSource(strings = {"categorical:2x3", "binary:4"})
  void divergencesDensitiesAndMeans(String name) {
    Parts parts = new Parts(name);
    boolean binary = name.startsWith("binary");
    int variables = binary ? 4 : N;
    int categories = binary ? 2 : C;
    Tape tape = new Tape(Backends.simd());
    Latent kl = parts.posterior.sample(tape, parts.h, NOISE, 1, parts.prior, Want.KL_PER_DIM);
    Latent drawn = parts.posterior.sample(tape, parts.h, NOISE, 2, parts.prior, Want.LOG_DENSITIES);
    double[][] logits = parts.logits();
    for (int b = 0; b < B; b++) {
      double sum = 0;
      double[] logQ = new double[2];
      for (int n = 0; n < variables; n++) {
        double[] p =
            binary ? softmax(new double[] {0, logits[b][n]}, 0, 2) : softmax(logits[b], n * C, C);
        double each = Math.log(categories);
        for (double v : p) {
          each += v * Math.log(v);
        }
        sum += each;
        assertThat((double) kl.klPerDim().value().get(b * variables + n))
            .isCloseTo(each, within(1e-5));
        for (int k = 0; k < 2; k++) {
          logQ[k] += Math.log(p[chosen(drawn.z().value(), 2 * b + k, n, binary)]);
        }
        Tensor mean = drawn.mean().value();
        int columns = mean.columns();
        assertThat((double) mean.get(b * columns + (binary ? n : n * C + 1)))
            .isCloseTo(p[1], within(1e-5));
      }
      assertThat((double) kl.kl().value().get(b)).isCloseTo(sum, within(1e-5));
      for (int k = 0; k < 2; k++) {
        assertThat((double) drawn.logQ().value().get(2 * b + k)).isCloseTo(logQ[k], within(1e-5));
        assertThat((double) drawn.logP().value().get(2 * b + k))
            .isCloseTo(-variables * Math.log(categories), within(1e-5));
      }
    }
  }

  /** The category of variable n in a row, whose entries are 0 and 1. */
  private static int chosen(Tensor z, int row, int n, boolean binary) {
    if (binary) {
      return Math.round(z.get(row * z.columns() + n));
    }
    int found = -1;
    for (int c = 0; c < C; c++) {
      float v = z.get(row * z.columns() + n * C + c);
      assertThat(v).isIn(0f, 1f);
      found = v == 1 ? c : found;
    }
    return found;
  }

  /** 6,000 draws: a share is within five standard errors. */
  @ParameterizedTest
  @CsvSource({"categorical:2x3, 3", "binary:4, 2", "concrete:2x3, 3"})
  void priorsAreUniform(String name, int categories) {
    Parts parts = new Parts(name);
    int draws = 6000;
    Tensor z = Tensor.zeros(draws, Posteriors.parse(name, 2).latent());
    parts.prior.sample(Backends.simd(), NOISE, z);
    for (int d = 0; d < z.columns(); d++) {
      double share = 0;
      for (int r = 0; r < draws; r++) {
        share += (double) z.get(r * z.columns() + d) / draws;
      }
      double p = 1.0 / categories;
      assertThat(share).isCloseTo(p, within(5 * Math.sqrt(p * (1 - p) / draws)));
    }
  }

  /**
   * The loss of relaxed latents and its gradient: Concrete samples of the same uniforms, densities
   * as in Maddison et al. (2017), equation 10, as densities of y.
   */
  @ParameterizedTest
  @CsvSource({"concrete:2x3, elbo, 1", "concrete:2x3:0.4, iwae:3, 3"})
  void concrete(String name, String objective, int samples) {
    double tau = name.endsWith("0.4") ? 0.4f : (float) (2 / 3.0);
    Vae.Spec spec = model(name);
    Tensor x = TinyModel.data(1);
    Tensor u = Tensor.zeros(TinyModel.ROWS * samples, W);
    Backends.reference().random().uniform(NOISE, 0, u);
    for (Backend backend : List.of(Backends.reference(), Backends.simd())) {
      Parameters parameters = spec.parameters(3, null);
      List<Tensor> values = new ArrayList<>();
      List<Tensor> gradients = new ArrayList<>();
      for (Parameters.Parameter p : parameters) {
        values.add(p.value());
        gradients.add(p.gradient());
      }
      Objective built =
          Objectives.parse(objective, "pathwise", Annealing.NONE, 0).build(parameters, spec, 10);
      Tape tape = new Tape(backend);
      Var loss = new Pass(new Vae(spec, parameters)).loss(tape, Observed.of(x), NOISE, built, 0);
      tape.backward(loss);
      TapeCheck.compare(
          backend + " " + name,
          loss.value().get(0),
          values,
          gradients,
          p -> relaxedLoss(p, Doubles.read(x), Doubles.read(u), samples, tau));
    }
  }

  private static double relaxedLoss(double[][] p, double[] x, double[] u, int samples, double tau) {
    int points = TinyModel.ROWS;
    double loss = 0;
    for (int b = 0; b < points; b++) {
      double[] row = Arrays.copyOfRange(x, b * 5, b * 5 + 5);
      double[] logits = dense(tanh(dense(row, p[0], p[1])), p[2], p[3]);
      double mean = 0;
      for (int k = 0; k < samples; k++) {
        double[] noisy = new double[W];
        for (int i = 0; i < W; i++) {
          double g = -Math.log(-Math.log(u[(b * samples + k) * W + i]));
          noisy[i] = (logits[i] + g) / tau;
        }
        double[] y = new double[W];
        double logW = 0;
        for (int n = 0; n < N; n++) {
          System.arraycopy(softmax(noisy, n * C, C), 0, y, n * C, C);
          logW += density(new double[C], 0, y, n * C, tau) - density(logits, n * C, y, n * C, tau);
        }
        double[] l = dense(tanh(dense(y, p[4], p[5])), p[6], p[7]);
        for (int i = 0; i < 5; i++) {
          logW += row[i] * l[i] - Math.log(1 + Math.exp(l[i]));
        }
        mean += samples == 1 ? logW : Math.exp(logW) / samples;
      }
      loss -= (samples == 1 ? mean : Math.log(mean)) / points;
    }
    return loss;
  }

  /** {@code log (C−1)!·τ^(C−1)·Π_c α_c·y_c^(−τ−1) / ( Σ_c α_c·y_c^(−τ) )^C}. */
  private static double density(double[] logAlpha, int a, double[] y, int first, double tau) {
    double log = Math.log(2) + (C - 1) * Math.log(tau);
    double sum = 0;
    for (int c = 0; c < C; c++) {
      log += logAlpha[a + c] - (tau + 1) * Math.log(y[first + c]);
      sum += Math.exp(logAlpha[a + c]) * Math.pow(y[first + c], -tau);
    }
    return log - C * Math.log(sum);
  }

  private static double[] tanh(double[] v) {
    return Arrays.stream(v).map(Math::tanh).toArray();
  }

  private static double[] dense(double[] in, double[] weight, double[] bias) {
    double[] out = bias.clone();
    for (int i = 0; i < in.length; i++) {
      for (int o = 0; o < out.length; o++) {
        out[o] += in[i] * weight[i * out.length + o];
      }
    }
    return out;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          categorical:20     | must be of the form categorical:NxC with at least 1 variable of at least 2 categories, 20x10 say, where "20" stands
          categorical:2x1    | with at least 1 variable of at least 2 categories
          categorical:axb    | must be of the form categorical:NxC
          categorical:2x3:1  | must be of the form categorical:NxC
          categorical:99999x99999 | must be of the form categorical:NxC
          concrete:2x3:0     | must have a temperature between 0.001 and 1000
          concrete:2x3:warm  | must be of the form concrete:NxC[:TAU] with a number of at least 0 where "warm" stands
          concrete           | must be of the form concrete:NxC[:TAU]
          binary:0           | must be of the form binary:N with a whole number of at least 1
          binary:2x3         | must be of the form binary:N with a whole number
          """)
  void wrongNames(String name, String problem) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Posteriors.parse(name, 2))
        .withMessageContaining(problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gaussian", "mog:3", "vamp:3", "flow:2"})
  void noOtherPrior(String prior) {
    for (String name : List.of("categorical:2x3", "binary:4", "concrete:2x3")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Posteriors.parse(name, 2).prior(Priors.parse(prior)))
          .withMessageContaining(
              "brings its own prior, in which all categories are equally likely");
    }
  }

  private static @Nullable String refusal(String posterior, String objective, String estimator) {
    Vae.Spec spec = model(posterior);
    ObjectiveSpec what = Objectives.parse(objective, estimator, Annealing.NONE, 0);
    Parameters.Builder builder = Parameters.builder();
    spec.declare(builder, null);
    what.declare(builder, spec);
    Parameters parameters = builder.build(1);
    Vae vae = new Vae(spec, parameters);
    return what.build(parameters, spec, 10).refusal(vae.posterior(), vae.prior());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          categorical:2x3 | elbo          | pathwise | z is discrete, so that no gradient reaches the posterior through it: use --estimator gumbel
          binary:4        | beta:2        | stl      | z is discrete
          categorical:2x3 | iwae:5        | dreg     | z is discrete
          categorical:2x3 | iwae:5        | pathwise | z is discrete
          binary:4        | capacity:10:2 | pathwise | z is discrete
          binary:4        | mmd:10        | pathwise | z is discrete
          diagonal        | elbo          | gumbel   | relax discrete latents: use posterior categorical:NxC or binary:N, or estimator pathwise
          diagonal        | elbo          | relax    | relax discrete latents
          concrete:2x3    | elbo          | st-gumbel | relax discrete latents
          concrete:2x3    | elbo:analytic | pathwise | the KL between Concrete distributions has no closed form
          concrete:2x3    | elbo          | stl      | the density of a Concrete sample is computed from its logarithm
          concrete:2x3    | iwae:3        | dreg     | the density of a Concrete sample is computed from its logarithm
          concrete:2x3    | chi:2:3       | pathwise | the density of a Concrete sample is computed from its logarithm
          concrete:2x3    | dip:2         | pathwise | the categories of one variable are not
          concrete:2x3    | factor:2      | pathwise | the categories of one variable are not
          concrete:2x3    | elbo          | score:optimal | which posterior and prior do not have here: use score:loo:SAMPLES
          planar:2        | elbo          | score    | the score function takes the gradient of log q(z|x) at a given z
          """)
  void whatDoesNotGoTogether(String posterior, String objective, String estimator, String problem) {
    assertThat(refusal(posterior, objective, estimator)).contains(problem);
  }

  @Test
  void whatDoes() {
    assertThat(refusal("concrete:2x3", "renyi:0.5:3", "pathwise")).isNull();
    assertThat(refusal("concrete:2x3", "elbo", "score")).isNull();
    assertThat(refusal("full", "elbo", "score")).isNull();
    assertThat(refusal("binary:4", "elbo:mc", "score")).isNull();
    assertThat(refusal("binary:4", "beta:3", "rebar")).isNull();
  }

  /** Whoever does not ask is told when sampling. */
  @Test
  void samplingRefusesToo() {
    Parts parts = new Parts("binary:4");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                parts.posterior.sample(
                    new Tape(Backends.simd()),
                    parts.h,
                    NOISE,
                    1,
                    parts.prior,
                    Want.LOG_DENSITIES_STL))
        .withMessageContaining("z is discrete");
    assertThat(parts.posterior.continuous()).isFalse();
    assertThat(new Parts("concrete:2x3").posterior.continuous()).isFalse();
  }
}
