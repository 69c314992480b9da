package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import io.github.elbo4j.vi.objective.Objectives;
import io.github.elbo4j.vi.posterior.Posteriors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Estimates of the gradient for discrete latents against the exact gradient, which is a sum over
 * all latents. The mean over {@value #BATCHES} mini-batches of {@value #ROWS} copies of one data
 * point must lie within {@value #BOUND} of its standard errors of the exact gradient, for each of
 * some 80 parameters; chance exceeds that (Student's t with {@code BATCHES − 1} degrees of freedom)
 * once in 200,000 comparisons, and the seed is fixed.
 */
class DiscreteEstimatorTest {
  private static final int BATCHES = 64;
  private static final int ROWS = 256;
  private static final double BOUND = 5;
  private static final int DATA = 4;
  private static final int HIDDEN = 3;
  private static final float[] X = {1, 0, 0.5f, 1};

  /** What an estimator gave. */
  private static final class Trial {
    final Parameters parameters;
    final double[][] mean;
    final double[][] variance; // of the estimate from ROWS copies
    double loss;
    double lossError;

    Trial(String posterior, String objective, String estimator, Annealing annealing) {
      Vae.Spec spec = spec(posterior);
      ObjectiveSpec what = Objectives.parse(objective, estimator, annealing, 0);
      Parameters.Builder builder = Parameters.builder();
      spec.declare(builder, null);
      what.declare(builder, spec);
      parameters = builder.build(3);
      int seed = 100;
      for (Parameters.Parameter p : parameters) { // the model's own come first
        Tensor v = p.value();
        Tensor noise = TapeCheck.normal(seed++, 1, v.rows(), v.columns());
        for (int i = 0; i < v.size() && !p.name().startsWith("objective."); i++) {
          v.array()[v.offset() + i] = noise.get(i);
        }
      }
      Objective built = what.build(parameters, spec, ROWS);
      assertThat(built.refusal(vae(spec).posterior(), vae(spec).prior())).isNull();
      List<Parameters.Parameter> all = new ArrayList<>();
      parameters.forEach(all::add);
      mean = new double[all.size()][];
      variance = new double[all.size()][];
      for (int i = 0; i < all.size(); i++) {
        mean[i] = new double[all.get(i).value().size()];
        variance[i] = new double[mean[i].length];
      }
      run(new Pass(vae(spec)), built, all);
    }

    private Vae vae(Vae.Spec spec) {
      return new Vae(spec, parameters);
    }

    private void run(Pass pass, Objective built, List<Parameters.Parameter> all) {
      Tape tape = new Tape(Backends.simd());
      NoiseKey noise = new NoiseKey(11, 2);
      double lossSquares = 0;
      for (int t = 0; t < BATCHES; t++) {
        tape.reset();
        Arrays.fill(parameters.gradients().array(), 0);
        Var value = pass.loss(tape, Observed.of(copies()), noise.at(t), built, 1);
        tape.backward(value);
        double v = value.value().get(0);
        loss += v / BATCHES;
        lossSquares += v * v / BATCHES;
        for (int i = 0; i < all.size(); i++) {
          double[] g = Doubles.read(all.get(i).gradient());
          for (int j = 0; j < g.length; j++) {
            mean[i][j] += g[j] / BATCHES;
            variance[i][j] += g[j] * g[j] / (BATCHES - 1);
          }
        }
      }
      lossError = Math.sqrt(Math.max(0, lossSquares - loss * loss) / (BATCHES - 1));
      for (int i = 0; i < mean.length; i++) {
        for (int j = 0; j < mean[i].length; j++) {
          variance[i][j] -= mean[i][j] * mean[i][j] * BATCHES / (BATCHES - 1);
        }
      }
    }

    private static Tensor copies() {
      Tensor x = Tensor.zeros(ROWS, DATA);
      for (int i = 0; i < x.size(); i++) {
        x.array()[i] = X[i % DATA];
      }
      return x;
    }

    /** The largest |estimate − exact| in standard errors, over the parameters of the model. */
    double worst(double[][] exact) {
      double worst = 0;
      for (int i = 0; i < exact.length; i++) {
        for (int j = 0; j < exact[i].length; j++) {
          double error = Math.sqrt(Math.max(variance[i][j], 0) / BATCHES) + 1e-6;
          worst = Math.max(worst, Math.abs(mean[i][j] - exact[i][j]) / error);
        }
      }
      return worst;
    }

    /** Variance of the gradient to encoder and posterior from one copy. */
    double noise(int own) {
      double sum = 0;
      for (int i = 0; i < own; i++) {
        for (double v : variance[i]) {
          sum += ROWS * v;
        }
      }
      return sum;
    }

    /** Euclidean distance of the mean to the exact gradient, encoder and posterior. */
    double bias(double[][] exact, int own) {
      double sum = 0;
      for (int i = 0; i < own; i++) {
        for (int j = 0; j < exact[i].length; j++) {
          sum += Math.pow(mean[i][j] - exact[i][j], 2);
        }
      }
      return Math.sqrt(sum);
    }
  }

  private static Vae.Spec spec(String posterior) {
    PosteriorSpec q = Posteriors.parse(posterior, 1);
    return new Vae.Spec(
        DATA,
        List.of(HIDDEN),
        Activation.TANH,
        q,
        q.prior(PriorSpec.NORMAL),
        LikelihoodSpec.parse("bernoulli"),
        new LogVarBounds(-10, 10),
        0);
  }

  private static Enumeration enumeration(String posterior) {
    double[] x = new double[DATA];
    for (int i = 0; i < DATA; i++) {
      x[i] = X[i];
    }
    return switch (posterior) {
      case "categorical:2x3" -> new Enumeration("categorical", 2, 3, x);
      case "binary:4" -> new Enumeration("binary", 4, 2, x);
      default -> new Enumeration("diagonal", 1, 0, x);
    };
  }

  private static double[][] values(Trial trial) {
    List<double[]> own = new ArrayList<>();
    for (Parameters.Parameter p : trial.parameters) {
      if (!p.name().startsWith("objective.")) {
        own.add(Doubles.read(p.value()));
      }
    }
    return own.toArray(double[][]::new);
  }

  /** Central differences of a formula in double. */
  private static double[][] slopes(double[][] p, ToDoubleFunction<double[][]> formula) {
    double step = 1e-4;
    double[][] slopes = new double[p.length][];
    for (int i = 0; i < p.length; i++) {
      slopes[i] = new double[p[i].length];
      for (int j = 0; j < p[i].length; j++) {
        double at = p[i][j];
        p[i][j] = at + step;
        double above = formula.applyAsDouble(p);
        p[i][j] = at - step;
        slopes[i][j] = (above - formula.applyAsDouble(p)) / (2 * step);
        p[i][j] = at;
      }
    }
    return slopes;
  }

  private static void unbiased(Trial trial, ToDoubleFunction<double[][]> formula, String what) {
    double[][] p = values(trial);
    double wanted = formula.applyAsDouble(p);
    assertThat(trial.loss).as(what).isCloseTo(wanted, within(BOUND * trial.lossError + 1e-5));
    double[][] exact = slopes(p, formula);
    double worst = trial.worst(exact);
    assertThat(worst).as(what).isLessThan(BOUND);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "score:none",
        "score:constant",
        "score:learned",
        "score:loo:3",
        "score:optimal:3",
        "rebar",
        "rebar:0.3:0.7",
        "relax",
        "relax:1:0"
      })
  void estimatorsOfTheElboAreUnbiased(String estimator) {
    for (String posterior : List.of("categorical:2x3", "binary:4")) {
      Trial trial = new Trial(posterior, "elbo", estimator, Annealing.NONE);
      unbiased(trial, p -> -enumeration(posterior).elbo(p, 1), posterior + " " + estimator);
    }
  }

  /** The weight of the KL, growing, its value from the sample, and latents that are Gaussian. */
  @ParameterizedTest
  @CsvSource({
    "categorical:2x3, beta:3, score:constant",
    "categorical:2x3, elbo:mc, score:loo:3",
    "diagonal, elbo, score:constant",
    "diagonal, elbo:mc, score:loo:3",
    "diagonal, elbo, score:optimal:4"
  })
  void theScoreFunctionTakesAnyLatents(String posterior, String objective, String estimator) {
    double beta = objective.startsWith("beta") ? 3 : 1;
    Trial trial = new Trial(posterior, objective, estimator, Annealing.linear(4));
    unbiased(
        trial,
        p -> -enumeration(posterior).elbo(p, beta / 4),
        posterior + " " + objective + " " + estimator);
  }

  @ParameterizedTest
  @CsvSource({
    "categorical:2x3, 2",
    "categorical:2x3, 3",
    "binary:4, 2",
    "binary:4, 3",
    "diagonal, 2"
  })
  void vimcoIsUnbiasedForTheBoundOfSeveralSamples(String posterior, int samples) {
    Trial trial = new Trial(posterior, "iwae:" + samples, "vimco", Annealing.NONE);
    unbiased(
        trial, p -> -enumeration(posterior).bound(p, samples), posterior + " vimco " + samples);
  }

  /** Relaxations are biased, and the more so the warmer. */
  @ParameterizedTest
  @ValueSource(strings = {"categorical:2x3", "binary:4"})
  void relaxationsAreBiased(String posterior) {
    for (String name : List.of("gumbel", "st-gumbel")) {
      Trial warm = new Trial(posterior, "elbo", name + ":2", Annealing.NONE);
      Trial cold = new Trial(posterior, "elbo", name + ":0.3", Annealing.NONE);
      double[][] exact = slopes(values(warm), p -> -enumeration(posterior).elbo(p, 1));
      assertThat(warm.worst(exact)).isGreaterThan(2 * BOUND);
      assertThat(cold.bias(exact, 4)).isLessThan(warm.bias(exact, 4));
    }
  }

  /**
   * Centred signals sum to 0, so that the gradient of ½·mean( signal − baseline )² to the
   * baseline's last bias is the baseline itself: it learns from nothing else.
   */
  @Test
  void aBaselineLearnsTheCentredSignal() {
    Trial trial = new Trial("categorical:2x3", "elbo", "score:learned", Annealing.NONE);
    double[] in = Doubles.read(trial.parameters.value("objective.baseline.0.weight"));
    double[] out = Doubles.read(trial.parameters.value("objective.baseline.mean.weight"));
    double baseline = 0; // biases are 0
    for (int u = 0; u < out.length; u++) {
      double sum = 0;
      for (int i = 0; i < DATA; i++) {
        sum += X[i] * in[i * out.length + u];
      }
      baseline += out[u] * Math.tanh(sum);
    }
    assertThat(trial.mean[trial.mean.length - 1][0]).isCloseTo(baseline, within(1e-4));
  }

  /** In units of one decoded sample. */
  @Test
  void controlVariatesTakeVarianceAway() {
    for (String posterior : List.of("categorical:2x3", "binary:4")) {
      double none = noise(posterior, "score:none");
      double constant = noise(posterior, "score:constant");
      double others = 4 * noise(posterior, "score:loo:4");
      double rebar = noise(posterior, "rebar");
      assertThat(constant).isLessThan(none / 2);
      assertThat(others).isLessThan(none / 2);
      assertThat(rebar).isLessThan(constant);
    }
  }

  private static double noise(String posterior, String estimator) {
    return new Trial(posterior, "elbo", estimator, Annealing.NONE).noise(4);
  }
}
