package io.github.elbo4j.vi;

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
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.TapeCheck;
import io.github.elbo4j.vi.posterior.Posteriors;
import io.github.elbo4j.vi.prior.Priors;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.hipparchus.linear.CholeskyDecomposition;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.RealVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Posteriors with full covariance and through flows, beside the standard normal prior and a flow
 * prior: their densities are those of their samples, and their gradients those of their losses.
 */
class PosteriorFamiliesTest {
  private static final double SIGMA2 = LinearGaussian.SIGMA * LinearGaussian.SIGMA;

  static Stream<String> families() {
    return Stream.of(
        "full",
        "planar:2",
        "planar:2:shared",
        "radial:2",
        "radial:1:shared",
        "householder:2",
        "householder:3:shared",
        "sylvester:2",
        "sylvester:1:shared",
        "nice:3:4",
        "realnvp:3:4",
        "spline:2:4",
        "iaf:2:6",
        "maf:2:6");
  }

  /** Those with log q(z|x) at a given z. */
  static Stream<String> evaluable() {
    return families().filter(f -> !f.matches("(planar|radial|sylvester).*"));
  }

  /** Adds noise to the parameters that begin so; what a mask keeps at 0 stays there. */
  private static void scatter(Parameters parameters, String prefix, double scale) {
    int seed = 100;
    for (Parameters.Parameter p : parameters) {
      Tensor t = p.value();
      Tensor noise = TapeCheck.normal(seed++, scale, t.rows(), t.columns());
      boolean masked = Doubles.read(t).length > 0 && isMasked(t);
      for (int i = 0; i < t.size() && p.name().startsWith(prefix); i++) {
        if (!masked || t.get(i) != 0) {
          t.array()[t.offset() + i] += noise.get(i);
        }
      }
    }
  }

  /** A weight of which some elements are 0 and some are not. */
  private static boolean isMasked(Tensor t) {
    double[] x = Doubles.read(t);
    long zeros = Arrays.stream(x).filter(v -> v == 0).count();
    return t.rows() > 1 && zeros > 0 && zeros < x.length;
  }

  private static Tensor copies(double[] x, int rows) {
    Tensor t = Tensor.zeros(rows, x.length);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) x[i % x.length];
    }
    return t;
  }

  private static double[] randomData(long seed) {
    return Doubles.read(TapeCheck.normal(seed, 1, LinearGaussian.DATA));
  }

  /** log p(x,z) − log q(z|x) of samples of z. */
  private static double[] logWeights(LinearGaussian model, double[] x, int rows) {
    Tape tape = new Tape(Backends.simd());
    tape.resetForInference();
    Observed data = Observed.of(copies(x, 1));
    Vae vae = model.vae;
    Latent latent =
        vae.sample(tape, vae.encode(tape, data), new NoiseKey(4, 4), rows, Want.LOG_DENSITIES);
    Var logLik = vae.logLik(tape, latent.z(), data);
    double[] logW = new double[rows];
    for (int r = 0; r < rows; r++) {
      logW[r] =
          (double) logLik.value().get(r)
              + latent.logP().value().get(r)
              - latent.logQ().value().get(r);
    }
    return logW;
  }

  /** E_q[p(x,z)/q(z|x)] = p(x) holds only where log q is the density of those very samples. */
  @ParameterizedTest
  @MethodSource("families")
  void importanceSamplingHitsTheEvidence(String family) {
    LinearGaussian model = new LinearGaussian(Posteriors.parse(family, LinearGaussian.LATENT));
    linearMean(model, 0.2);
    scatter(model.parameters, "posterior.flow", 0.3);
    scatter(model.parameters, "posterior.lower", 0.2);
    model.set(
        family.equals("full") ? "posterior.logSigma.bias" : "posterior.logVar.bias",
        family.equals("full") ? new double[] {0, 0} : new double[] {0.7, 0.7});
    double[] x = randomData(60);
    double evidence = model.logEvidence(x);
    double[] ratios =
        Arrays.stream(logWeights(model, x, 40_000)).map(w -> Math.exp(w - evidence)).toArray();
    double mean = Arrays.stream(ratios).average().orElseThrow();
    double squares = Arrays.stream(ratios).map(w -> (w - mean) * (w - mean)).sum();
    double error = Math.sqrt(squares) / ratios.length;
    assertThat(error).as("standard error").isLessThan(0.03);
    assertThat(mean).as("p̂(x)/p(x)").isCloseTo(1, within(3 * error));
  }

  /**
   * A likelihood that makes the dimensions of p(z|x) depend on each other, and q's base mean that
   * of p(z|x) but for {@code shift}.
   */
  private static void linearMean(LinearGaussian model, double shift) {
    model.set("likelihood.mean.weight", 0.9, 0.4, -0.3, 0, 0.5, 0.7, 0.2, 0.4, 0.8, 0.3);
    model.set("likelihood.mean.bias", 0.5, -1, 0.2, 0, 0.3);
    meanOf(model, toMean(model), shift);
  }

  /** The matrix from x − b to the mean of p(z|x), [LATENT, DATA]. */
  private static RealMatrix toMean(LinearGaussian model) {
    return MatrixUtils.inverse(model.precision())
        .multiply(model.loadings())
        .scalarMultiply(1 / SIGMA2);
  }

  private static void meanOf(LinearGaussian model, RealMatrix toMean, double shift) {
    double[] weight = new double[LinearGaussian.DATA * LinearGaussian.LATENT];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = toMean.getEntry(i % LinearGaussian.LATENT, i / LinearGaussian.LATENT);
    }
    model.set("posterior.mu.weight", weight);
    RealVector bias = toMean.operate(model.offset()).mapMultiply(-1).mapAdd(shift);
    model.set("posterior.mu.bias", bias.toArray());
  }

  /** The ELBO is log p(x) whatever is drawn, so each weight is. */
  @Test
  void fullCovarianceReachesTheEvidence() {
    LinearGaussian model = new LinearGaussian(Posteriors.parse("full", LinearGaussian.LATENT));
    linearMean(model, 0);
    RealMatrix covariance = MatrixUtils.inverse(model.precision());
    assertThat(Math.abs(covariance.getEntry(0, 1))).as("dependent").isGreaterThan(0.03);
    RealMatrix factor = new CholeskyDecomposition(covariance).getL();
    model.set(
        "posterior.logSigma.bias",
        Math.log(factor.getEntry(0, 0)),
        Math.log(factor.getEntry(1, 1)));
    model.set("posterior.lower.bias", factor.getEntry(1, 0));
    assertReaches(model);
  }

  /** In two dimensions a reflection turns the axes into those of any covariance. */
  @Test
  void aReflectionReachesTheEvidence() {
    String family = "householder:1:shared";
    LinearGaussian model = new LinearGaussian(Posteriors.parse(family, LinearGaussian.LATENT));
    linearMean(model, 0);
    var axes = new EigenDecompositionSymmetric(MatrixUtils.inverse(model.precision()));
    RealVector first = axes.getEigenvector(0);
    // The reflection that swaps e1 and the first axis.
    RealVector v = MatrixUtils.createRealVector(new double[] {1, 0}).subtract(first);
    model.set("posterior.flow.v", v.toArray());
    RealMatrix reflection =
        MatrixUtils.createRealIdentityMatrix(2)
            .subtract(v.outerProduct(v).scalarMultiply(2 / v.dotProduct(v)));
    meanOf(model, reflection.multiply(toMean(model)), 0);
    model.set(
        "posterior.logVar.bias", Math.log(axes.getEigenvalue(0)), Math.log(axes.getEigenvalue(1)));
    assertReaches(model);
  }

  /** No diagonal Gaussian is nearer than ½( Σ log Λ_dd − log det Λ ). */
  @Test
  void theDiagonalKeepsItsGap() {
    LinearGaussian model = new LinearGaussian();
    linearMean(model, 0);
    RealMatrix lambda = model.precision();
    double l0 = Math.log(lambda.getEntry(0, 0));
    double l1 = Math.log(lambda.getEntry(1, 1));
    model.set("posterior.logVar.bias", -l0, -l1);
    double gap = (l0 + l1 - Math.log(new CholeskyDecomposition(lambda).getDeterminant())) / 2;
    assertThat(gap).isGreaterThan(0.08);
    double[] x = randomData(60);
    assertThat(model.gap(x)).isCloseTo(gap, within(1e-5));
    assertThat(elbo(model, x, Elbo.PLAIN)).isCloseTo(model.logEvidence(x) - gap, within(0.02));
  }

  private static void assertReaches(LinearGaussian model) {
    for (long seed = 60; seed < 63; seed++) {
      double[] x = randomData(seed);
      for (double logW : logWeights(model, x, 100)) {
        assertThat(logW).isCloseTo(model.logEvidence(x), within(1e-3));
      }
    }
    assertThat(elbo(model, randomData(60), Elbo.PLAIN))
        .isCloseTo(model.logEvidence(randomData(60)), within(0.02));
    assertThat(largestGradient(model, Elbo.Form.STICKING_THE_LANDING)).isLessThan(1e-3);
    assertThat(largestGradient(model, Elbo.Form.MONTE_CARLO)).isGreaterThan(0.1);
  }

  /** Of the posterior's parameters, from one sample: noise alone, where q(z|x) is p(z|x). */
  private static double largestGradient(LinearGaussian model, Elbo.Form form) {
    Tape tape = new Tape(Backends.simd());
    Observed data = Observed.of(copies(randomData(61), 1));
    Elbo elbo = new Elbo(1, Annealing.NONE, 0, form);
    model.parameters.gradients().fill(0);
    tape.backward(new Pass(model.vae).loss(tape, data, new NoiseKey(6, 1), elbo, 0));
    double largest = 0;
    for (Parameters.Parameter p : model.parameters) {
      for (double g : Doubles.read(p.gradient())) {
        largest = Math.max(largest, p.name().startsWith("posterior") ? Math.abs(g) : 0);
      }
    }
    return largest;
  }

  private static double elbo(LinearGaussian model, double[] x, Elbo elbo) {
    Tape tape = new Tape(Backends.simd());
    tape.resetForInference();
    Observed data = Observed.of(copies(x, 40_000));
    return -new Pass(model.vae).loss(tape, data, new NoiseKey(5, 1), elbo, 0).value().get(0);
  }

  /** A tiny model whose every parameter matters. */
  private static final class Tiny {
    static final Tensor X = TapeCheck.normal(8, 1, 5, 4);

    final Parameters parameters;
    final Vae vae;

    Tiny(String name, String prior) {
      PosteriorSpec posterior = Posteriors.parse(name, 3);
      Vae.Spec spec =
          new Vae.Spec(
              4,
              List.of(3),
              Activation.TANH,
              posterior,
              posterior.prior(Priors.parse(prior)),
              LikelihoodSpec.parse("gaussian:0.8"),
              new LogVarBounds(-10, 10),
              0);
      parameters = spec.parameters(3, null);
      scatter(parameters, "", 0.3);
      vae = new Vae(spec, parameters);
    }

    Latent sample(Tape tape, Want want) {
      Observed data = Observed.of(X);
      return vae.sample(tape, vae.encode(tape, data), new NoiseKey(9, 9).at(2), 2, want);
    }

    /** The gradient of Σ log q to all parameters. */
    double[] gradientOfLogQ(Want want) {
      parameters.gradients().fill(0);
      Tape tape = new Tape(Backends.reference());
      tape.backward(ReduceOps.weightedSum(tape, sample(tape, want).logQ(), 1));
      return Doubles.read(parameters.gradients());
    }
  }

  /** Each parameter along a random direction, against differences of the loss. */
  private static void checkGradient(Tiny model, Elbo elbo) {
    Backend backend = Backends.reference();
    Pass pass = new Pass(model.vae);
    Tape tape = new Tape(backend);
    NoiseKey noise = new NoiseKey(8, 2).at(5);
    Var loss = pass.loss(tape, Observed.of(Tiny.X), noise, elbo, 0);
    model.parameters.gradients().fill(0);
    tape.backward(loss);
    Tape other = new Tape(backend);
    int seed = 300;
    for (Parameters.Parameter p : model.parameters) {
      float[] before = p.value().toArray();
      double[] direction = GradCheck.random(seed++, before.length, 1);
      double analytic = 0;
      double norm = 0;
      for (int i = 0; i < direction.length; i++) {
        direction[i] = isMasked(p.value()) && before[i] == 0 ? 0 : direction[i];
        analytic += direction[i] * p.gradient().get(i);
        norm += direction[i] * direction[i];
      }
      double[] at = new double[4];
      double h = 0.03 / Math.sqrt(norm);
      for (int k = 0; k < 4; k++) {
        double step = h * new double[] {-2, -1, 1, 2}[k];
        for (int i = 0; i < before.length; i++) {
          p.value().array()[p.value().offset() + i] = (float) (before[i] + step * direction[i]);
        }
        other.resetForInference();
        at[k] = pass.loss(other, Observed.of(Tiny.X), noise, elbo, 0).value().get(0);
      }
      System.arraycopy(before, 0, p.value().array(), p.value().offset(), before.length);
      double numeric = (8 * (at[2] - at[1]) - (at[3] - at[0])) / (12 * h);
      double scale = Math.sqrt(norm);
      assertThat(analytic / scale)
          .as("%s", p.name())
          .isCloseTo(numeric / scale, within(4e-4 + 2e-3 * Math.abs(numeric / scale)));
      assertThat(analytic).as("%s has a gradient", p.name()).isNotZero();
    }
  }

  static Stream<String> structured() {
    return Stream.of(
        "layers:2,1", "layers:3,2,1", "ladder:2,1", "ladder:1,2,2", "hierarchical", "vgp:2");
  }

  static Stream<String> all() {
    return Stream.concat(families(), structured());
  }

  /**
   * E_q[p(x,z)/q(z|x)] against E_{p(z)}[p(x|z)], which knows nothing of the posterior: of layers
   * the prior must draw what it says it does, too.
   */
  @ParameterizedTest
  @MethodSource("structured")
  void structuredPosteriorsWeighWhatTheyDraw(String family) {
    Tiny model = new Tiny(family, "normal");
    for (Parameters.Parameter p : model.parameters) { // wide, so that no weight is far above others
      if (p.name().matches("(posterior|prior).*logVar.*|posterior.*mu\\.bias")) {
        boolean wide = p.name().matches("posterior\\.(?!auxiliary).*logVar.bias");
        p.value().fill(wide ? 0.8f : 0);
      }
    }
    if (family.startsWith("vgp")) {
      narrowAuxiliary(model.parameters);
    }
    double[] x = {0.3, -0.2, 0.5, 0.1};
    Tape tape = new Tape(Backends.simd());
    tape.resetForInference();
    Observed data = Observed.of(copies(x, 1));
    int rows = 60_000;
    Latent q =
        model.vae.sample(
            tape, model.vae.encode(tape, data), new NoiseKey(4, 4), rows, Want.LOG_DENSITIES);
    Var logLik = model.vae.logLik(tape, q.z(), data);
    Tensor z = Tensor.zeros(rows, model.vae.latent());
    model.vae.prior().sample(Backends.simd(), new NoiseKey(7, 7), z);
    Tensor plain = model.vae.logLik(tape, Var.constant(z), data).value();
    double[] weighed = new double[rows];
    double[] drawn = new double[rows];
    for (int r = 0; r < rows; r++) {
      weighed[r] =
          Math.exp(
              (double) logLik.value().get(r) + q.logP().value().get(r) - q.logQ().value().get(r));
      drawn[r] = Math.exp((double) plain.get(r));
    }
    double[] a = meanAndError(weighed);
    double[] b = meanAndError(drawn);
    assertThat(Math.hypot(a[1], b[1]) / b[0]).as("relative standard error").isLessThan(0.05);
    assertThat(a[0]).as("p̂(x)").isCloseTo(b[0], within(3.5 * Math.hypot(a[1], b[1])));
  }

  /** So that r(ξ,f|z,x) is nowhere far above q(ξ,f), but near the known points. */
  private static void narrowAuxiliary(Parameters parameters) {
    parameters.value("posterior.process.logVariance").fill(-1.5f);
    parameters.value("posterior.process.logWeight").fill(1.5f);
    Tensor logVar = parameters.value("posterior.auxiliary.logVar.bias");
    logVar.fill(-2.5f); // of f
    logVar.slice(0, Shape.of(3)).fill(-0.5f); // of ξ
    Tensor mu = parameters.value("posterior.auxiliary.mu.weight");
    for (int i = 0; i < mu.size(); i++) {
      mu.array()[mu.offset() + i] *= 0.3f;
    }
  }

  private static double[] meanAndError(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return new double[] {mean, Math.sqrt(squares) / values.length};
  }

  @Test
  void structuredPosteriorsRefuseWithTheReason() {
    for (String name : structured().toList()) {
      Tiny model = new Tiny(name, "normal");
      Tape tape = new Tape(Backends.simd());
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.sample(tape, Want.KL))
          .withMessageContaining("elbo:mc");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.sample(tape, Want.LOG_DENSITIES_STL))
          .withMessageContaining("--estimator pathwise");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Tiny("layers:2,1", "gaussian"))
        .withMessageContaining("leave --prior at normal");
    for (String bad : List.of("layers", "layers:3", "ladder:3,0", "layers:a,b", "ladder:1,2:3")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Posteriors.parse(bad, 3))
          .withMessageContaining(":WIDTH,WIDTH");
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void theGradientIsThatOfTheLoss(String family) {
    checkGradient(
        new Tiny(family, "normal"), new Elbo(1, Annealing.NONE, 0, Elbo.Form.MONTE_CARLO));
  }

  @ParameterizedTest
  @MethodSource("withAnalyticKl")
  void theGradientIsThatOfTheLossWithTheAnalyticKl(String family) {
    checkGradient(new Tiny(family, "normal"), new Elbo(1, Annealing.NONE, 0, Elbo.Form.ANALYTIC));
  }

  static Stream<String> withAnalyticKl() {
    return Stream.of("full", "householder:2", "householder:3:shared");
  }

  @ParameterizedTest
  @MethodSource("besideAFlow")
  void theGradientIsThatOfTheLossBesideAFlowPrior(String family) {
    checkGradient(new Tiny(family, "flow:3:4"), Elbo.PLAIN);
  }

  static Stream<String> besideAFlow() {
    return Stream.of("diagonal", "full", "householder:2", "iaf:1:4", "planar:2");
  }

  /** d log q(z(θ); θ)/dθ is the path's part and the score's. */
  @ParameterizedTest
  @MethodSource("evaluable")
  void pathAndScoreAddUp(String family) {
    Tiny model = new Tiny(family, "normal");
    double[] whole = model.gradientOfLogQ(Want.LOG_DENSITIES);
    double[] path = model.gradientOfLogQ(Want.LOG_DENSITIES_STL);
    double[] score = model.gradientOfLogQ(Want.LOG_DENSITIES_SCORE);
    double largest = Arrays.stream(whole).map(Math::abs).max().orElseThrow();
    for (int i = 0; i < whole.length; i++) {
      assertThat(path[i] + score[i]).isCloseTo(whole[i], within(2e-4 * largest));
    }
    for (double[] part : List.of(path, score)) {
      assertThat(Arrays.stream(part).map(Math::abs).max().orElseThrow())
          .isGreaterThan(largest / 100);
    }
  }

  /** What a posterior says of its samples does not depend on what else is wanted of them. */
  @ParameterizedTest
  @MethodSource("evaluable")
  void theDensityOfAGivenLatentIsThatOfTheSample(String family) {
    Tiny model = new Tiny(family, "flow:2:4");
    Latent wanted = model.sample(new Tape(Backends.simd()), Want.LOG_DENSITIES);
    for (Want want : new Want[] {Want.LOG_DENSITIES_STL, Want.LOG_DENSITIES_SCORE}) {
      Latent latent = model.sample(new Tape(Backends.simd()), want);
      assertThat(latent.z().value().toArray()).isEqualTo(wanted.z().value().toArray());
      assertThat(latent.z().needsGradient()).isEqualTo(want == Want.LOG_DENSITIES_STL);
      assertThat(latent.logQ().value().toArray())
          .usingComparatorWithPrecision(2e-4f)
          .containsExactly(wanted.logQ().value().toArray());
      assertThat(latent.logP().value().toArray())
          .usingComparatorWithPrecision(1e-6f)
          .containsExactly(wanted.logP().value().toArray());
    }
  }

  /** With hardly any noise every sample is near f(mu), the middle. */
  @ParameterizedTest
  @MethodSource("families")
  void theMiddleIsASampleWithoutNoise(String family) {
    Tiny model = new Tiny(family, "normal");
    for (Parameters.Parameter p : model.parameters) {
      if (p.name().matches("posterior\\.(log|lower).*")) {
        p.value().fill(p.name().matches(".*log.*bias") ? -10 : 0);
      }
    }
    Tape tape = new Tape(Backends.simd());
    Latent latent = model.sample(tape, Want.SAMPLE);
    Tensor z = latent.z().value();
    Tensor mean = latent.mean().value();
    assertThat(mean.shape().toString()).isEqualTo("[5,3]");
    for (int i = 0; i < z.size(); i++) {
      int point = i / 3 / 2;
      assertThat(z.get(i)).isCloseTo(mean.get(point * 3 + i % 3), within(0.12f));
    }
    float[] asked = model.vae.posteriorMean(tape, Observed.of(Tiny.X)).value().toArray();
    assertThat(mean.toArray()).isEqualTo(asked);
  }
}
