package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The loss of a whole VAE and its gradient to every parameter against a formula in double. */
class VaeGradientTest {
  private static final int ROWS = 6;
  private static final int DATA = 5;
  private static final int LATENT = 3;

  private static final LogVarBounds WIDE = new LogVarBounds(-10, 10);

  /** Narrow enough that some log-variances are cut off on either side. */
  private static final LogVarBounds NARROW = new LogVarBounds(-0.2f, 0.15f);

  @ParameterizedTest
  @CsvSource({
    // likelihood, beta, warm-up steps, step, free bits, narrow bounds
    "bernoulli, 1, 0, 0, 0, false",
    "bernoulli, 4, 0, 0, 0, true",
    "bernoulli, 2, 10, 3, 0, false",
    "bernoulli, 1, 10, 0, 0, false",
    "bernoulli, 1, 0, 0, 0.15, false",
    "gaussian:0.4, 1, 0, 0, 0, false",
    "gaussian:scalar, 1, 0, 0, 0, false",
    "gaussian:scalar, 0.5, 0, 0, 0, true",
    "gaussian:dimension, 1, 0, 0, 0, true",
    "gaussian:element, 1, 0, 0, 0, false",
    "gaussian:element, 3, 20, 7, 0.15, true",
    "gaussian-learned, 1, 0, 0, 0, false",
    "continuous-bernoulli, 1, 0, 0, 0, false",
    "laplace:0.3, 1, 0, 0, 0, false",
    "laplace, 2, 0, 0, 0, false",
    "laplace:dimension, 1, 0, 0, 0, true",
    "laplace:element, 1, 0, 0, 0, false",
    "categorical:2, 1, 0, 0, 0, false",
    "categorical:7, 1, 0, 0, 0, false",
    "logistic256, 1, 0, 0, 0, false",
    "logistic256:0.1, 1, 0, 0, 0, false",
    "logistic256:dimension, 1, 0, 0, 0, true",
    "logistic256:element, 1, 0, 0, 0, false"
  })
  void everyParameter(
      String likelihood, double beta, long warmup, long step, double freeBits, boolean narrow) {
    Vae.Spec spec =
        new Vae.Spec(
            DATA,
            List.of(4),
            LATENT,
            Activation.TANH,
            LikelihoodSpec.parse(likelihood),
            narrow ? NARROW : WIDE);
    Tensor x = Tensor.zeros(ROWS, DATA);
    Backends.reference().random().uniform(new NoiseKey(8, 1), 0, x);
    int counted = LikelihoodSpec.parse(likelihood).levels();
    byte[] levels = new byte[x.size()];
    for (int i = 0; counted > 0 && i < levels.length; i++) { // grey values, the ends among them
      int grey = i == 0 ? 0 : i == 1 ? 255 : Math.round(x.get(i) * 255);
      x.array()[i] = grey / 255f;
      levels[i] = (byte) (grey * counted / 256);
    }
    Observed seen = new Observed().set(x, null, new ByteTensor(levels, 0, ROWS, DATA));
    NoiseKey noise = new NoiseKey(8, 2).at(5);
    Tensor eps = Tensor.zeros(ROWS, LATENT);
    Backends.reference().random().normal(noise, 0, eps);
    Elbo elbo = new Elbo(beta, warmup, freeBits);
    double weight = warmup == 0 ? beta : beta * Math.min(1, step / (double) warmup);
    DoubleVae formula = new DoubleVae(spec, Doubles.read(x), Doubles.read(eps));

    for (Backend backend : TapeCheck.backends()) {
      Parameters parameters = spec.parameters(3, null);
      scatter(parameters);
      Vae vae = new Vae(spec, parameters);
      Tape tape = new Tape(backend);
      Var loss = new Pass(vae).loss(tape, seen, noise, elbo, step);
      tape.backward(loss);
      List<Tensor> values = new ArrayList<>();
      List<Tensor> gradients = new ArrayList<>();
      for (Parameters.Parameter p : parameters) {
        values.add(p.value());
        gradients.add(p.gradient());
      }
      if (narrow) {
        double[][] p = values.stream().map(Doubles::read).toArray(double[][]::new);
        assertThat(formula.outside(p)).as("below, inside, above the bounds").doesNotContain(0);
      }
      TapeCheck.compare(
          backend + " " + likelihood,
          loss.value().get(0),
          values,
          gradients,
          p -> formula.loss(p, weight, freeBits));
      if (freeBits > 0) {
        assertThat(formula.free()).as("free dimensions").isBetween(1, LATENT - 1);
      }
    }
  }

  /** Biases start at 0 and a learned log-variance at one number, which would hide mistakes. */
  private static void scatter(Parameters parameters) {
    int seed = 100;
    for (Parameters.Parameter p : parameters) {
      Tensor noise = TapeCheck.normal(seed++, 0.5, p.value().rows(), p.value().columns());
      for (int i = 0; i < noise.size(); i++) {
        p.value().array()[p.value().offset() + i] += noise.get(i);
      }
    }
  }
}
