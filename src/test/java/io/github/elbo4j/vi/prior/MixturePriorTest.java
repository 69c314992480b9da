package io.github.elbo4j.vi.prior;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.ReduceOps;
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
import io.github.elbo4j.vi.DiagonalGaussianPosterior;
import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Observed;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Vae;
import io.github.elbo4j.vi.posterior.Posteriors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MixturePriorTest {
  private static final int DATA = 4;
  private static final int D = 2;
  private static final int ROWS = 5;

  private static Vae.Spec spec(String prior, PosteriorSpec posterior, int condition) {
    return new Vae.Spec(
        DATA,
        List.of(3),
        Activation.TANH,
        posterior,
        Priors.parse(prior),
        LikelihoodSpec.parse("bernoulli"),
        new LogVarBounds(-8, 8),
        condition);
  }

  private static Vae.Spec spec(String prior) {
    return spec(prior, new DiagonalGaussianPosterior.Spec(D), 0);
  }

  /** Parameters away from the symmetric places where they start. */
  private static Parameters scattered(Vae.Spec spec) {
    Parameters parameters = spec.parameters(3, null);
    int seed = 40;
    for (Parameters.Parameter p : parameters) {
      Tensor noise = TapeCheck.normal(seed++, 0.4, p.value().rows(), p.value().columns());
      for (int i = 0; i < noise.size(); i++) {
        p.value().array()[p.value().offset() + i] += noise.get(i);
      }
    }
    return parameters;
  }

  private static double logNormal(double z, double mu, double logVar) {
    double distance = z - mu;
    return -0.5 * (distance * distance * Math.exp(-logVar) + logVar + Math.log(2 * Math.PI));
  }

  /** Σ over the rows of log Σ_k π_k Π_d N, from z, places (or null), mu and logVar. */
  private static double mixture(double[] z, double[] place, double[] mu, double[] logVar) {
    int count = mu.length / D;
    double sum = 0;
    double total = 0;
    for (int k = 0; k < count; k++) {
      total += place.length == 0 ? 1 : Math.exp(-0.5 * place[k] * place[k]);
    }
    for (int r = 0; r < z.length / D; r++) {
      double density = 0;
      for (int k = 0; k < count; k++) {
        double log = place.length == 0 ? 0 : -0.5 * place[k] * place[k];
        for (int d = 0; d < D; d++) {
          log += logNormal(z[r * D + d], mu[k * D + d], logVar[k * D + d]);
        }
        density += Math.exp(log) / total;
      }
      sum += Math.log(density);
    }
    return sum;
  }

  /** Value and gradient, in z and in all of the mixture's parameters. */
  @Test
  void theMixtureOfGaussiansIsItsFormula() {
    for (Backend backend : List.of(Backends.reference(), Backends.simd())) {
      Vae.Spec spec = spec("mog:3");
      Parameters parameters = scattered(spec);
      Prior prior = new Vae(spec, parameters).prior();
      Tensor z = TapeCheck.normal(9, 1, ROWS, D);
      Tensor dz = Tensor.zeros(ROWS, D);
      Tape tape = new Tape(backend);
      Var loss = ReduceOps.weightedSum(tape, prior.logDensity(tape, Var.parameter(z, dz)), 1);
      tape.backward(loss);
      List<Tensor> values = new ArrayList<>(List.of(z));
      List<Tensor> gradients = new ArrayList<>(List.of(dz));
      for (String name : List.of("place", "mu", "logVar")) {
        values.add(parameters.value("prior.mixture." + name));
        gradients.add(parameters.gradient("prior.mixture." + name));
      }
      TapeCheck.compare(
          backend + " mog",
          loss.value().get(0),
          values,
          gradients,
          p -> mixture(p[0], p[1], p[2], p[3]));
    }
  }

  /** z as a constant: the parameters get their gradient all the same. */
  @Test
  void latentsWithoutGradient() {
    Vae.Spec spec = spec("mog:3");
    Parameters parameters = scattered(spec);
    Prior prior = new Vae(spec, parameters).prior();
    Tensor z = TapeCheck.normal(9, 1, ROWS, D);
    Tape tape = new Tape(Backends.simd());
    tape.backward(ReduceOps.weightedSum(tape, prior.logDensity(tape, Var.constant(z)), 1));
    float[] constant = parameters.gradient("prior.mixture.mu").toArray();
    parameters.gradients().fill(0);
    tape.reset();
    Var moving = Var.parameter(z, Tensor.zeros(ROWS, D));
    tape.backward(ReduceOps.weightedSum(tape, prior.logDensity(tape, moving), 1));
    assertThat(constant).isEqualTo(parameters.gradient("prior.mixture.mu").toArray());
  }

  /** Of the posteriors of the pseudo-inputs, as the model itself encodes them. */
  @Test
  void theVampPriorIsTheMeanOfPosteriors() {
    Vae.Spec spec = spec("vamp:3");
    Parameters parameters = scattered(spec);
    Vae vae = new Vae(spec, parameters);
    Tensor z = TapeCheck.normal(9, 1, ROWS, D);
    Tape tape = new Tape(Backends.reference());
    Var logP = vae.prior().logDensity(tape, Var.constant(z));
    Tensor inputs = parameters.value("prior.pseudoInputs");
    DiagonalGaussianPosterior q = (DiagonalGaussianPosterior) vae.posterior();
    Var h = vae.encode(tape, Observed.of(inputs));
    double[] mu = Doubles.read(q.mean(tape, h).value());
    double[] logVar = Doubles.read(q.logVar(tape, h).value());
    double wanted = mixture(Doubles.read(z), new double[0], mu, logVar);
    double got = 0;
    for (int r = 0; r < ROWS; r++) {
      got += logP.value().get(r);
    }
    assertThat(got).isCloseTo(wanted, within(1e-4));
    tape.backward(ReduceOps.weightedSum(tape, logP, 1));
    assertThat(parameters.gradient("prior.pseudoInputs").toArray()).doesNotContain(0f);
  }

  /** E over draws of p(z)/N(z; 0, 9) under N(0, 9) is 1, and the draws have the mixture's mean. */
  @ParameterizedTest
  @ValueSource(strings = {"gaussian", "mog:3", "vamp:3"})
  void drawsAndDensityBelongTogether(String name) {
    Vae.Spec spec = spec(name);
    Prior prior = new Vae(spec, scattered(spec)).prior();
    int n = 40_000;
    Tape tape = new Tape(Backends.simd());
    tape.resetForInference();
    Tensor wide = TapeCheck.normal(12, 3, n, D);
    Tensor logP = prior.logDensity(tape, Var.constant(wide)).value();
    double total = 0;
    double[] weighted = new double[D];
    for (int r = 0; r < n; r++) {
      double log = logP.get(r);
      for (int d = 0; d < D; d++) {
        log -= logNormal(wide.get(r * D + d), 0, Math.log(9));
      }
      total += Math.exp(log) / n;
      for (int d = 0; d < D; d++) {
        weighted[d] += Math.exp(log) * wide.get(r * D + d) / n;
      }
    }
    assertThat(total).as("integral of the density").isCloseTo(1, within(0.03));
    Tensor drawn = Tensor.zeros(n, D);
    prior.sample(Backends.simd(), new NoiseKey(5, 6), drawn);
    for (int d = 0; d < D; d++) {
      double mean = 0;
      for (int r = 0; r < n; r++) {
        mean += drawn.get(r * D + d) / (double) n;
      }
      assertThat(mean).as("mean of dimension %d", d).isCloseTo(weighted[d], within(0.05));
    }
  }

  @Test
  void wrongPairsAreRefusedWithTheReason() {
    Vae.Spec flow = spec("vamp:3", Posteriors.parse("full", D), 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Vae(flow, flow.parameters(1, null)))
        .withMessageContaining("whose density is known for --posterior diagonal only");
    Vae.Spec told = spec("vamp:3", new DiagonalGaussianPosterior.Spec(D), 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Vae(told, told.parameters(1, null)))
        .withMessageContaining("does not go with --condition");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Priors.parse("mog:0"))
        .withMessageContaining("a whole number of at least 1");
    Vae.Spec mixture = spec("mog:2");
    assertThat(new Vae(mixture, mixture.parameters(1, null)).prior().closedFormRefusal())
        .contains("--objective elbo");
    Vae.Spec gaussian = spec("gaussian");
    assertThat(new Vae(gaussian, gaussian.parameters(1, null)).prior().closedFormRefusal())
        .isNull();
  }
}
