package io.github.elbo4j.autodiff;

import static io.github.elbo4j.kernel.Doubles.read;
import static io.github.elbo4j.testkit.TapeCheck.check;
import static io.github.elbo4j.testkit.TapeCheck.normal;

import io.github.elbo4j.autodiff.GaussianOps.Want;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Value and gradient of every operation on the tape against formulas in double. */
class OpsGradientTest {
  private static final int B = 3;
  private static final int D = 5;
  private static final int N = 7;

  @ParameterizedTest
  @EnumSource
  void dense(Activation f) {
    Tensor x = normal(1, 1, B, D);
    Tensor w = normal(2, 0.6, D, N);
    Tensor bias = normal(3, 0.6, 1, N);
    check(
        "dense " + f,
        (tape, p) -> Formulas.project(tape, DenseOps.dense(tape, p[0], p[1], p[2], f)),
        p -> Formulas.project(Formulas.dense(p[0], p[1], p[2], f, N)),
        x,
        w,
        bias);
    check(
        "dense without bias " + f,
        (tape, p) -> Formulas.project(tape, DenseOps.dense(tape, Var.constant(x), p[0], null, f)),
        p -> Formulas.project(Formulas.dense(read(x), p[0], null, f, N)),
        w);
  }

  @ParameterizedTest
  @CsvSource({"SAMPLE,1", "KL,1", "KL,3", "KL_PER_DIM,2", "LOG_DENSITIES,1", "LOG_DENSITIES,3"})
  void reparameterize(Want want, int k) {
    Tensor eps = Tensor.zeros(B * k, D);
    NoiseKey noise = new NoiseKey(77, 5).at(9);
    Backends.reference().random().normal(noise, 0, eps);
    Tensor mu = normal(4, 1, B, D);
    Tensor logVar = normal(5, 0.7, B, D);
    check(
        "drawn " + want,
        (tape, p) ->
            outputs(tape, GaussianOps.reparameterize(tape, p[0], p[1], noise, k, want), want),
        p -> outputs(p[0], p[1], read(eps), k, want),
        mu,
        logVar);
    check(
        "given " + want,
        (tape, p) -> outputs(tape, GaussianOps.reparameterize(tape, p[0], p[1], eps, want), want),
        p -> outputs(p[0], p[1], read(eps), k, want),
        mu,
        logVar);
  }

  /** The formula whose gradient is meant holds the parameters inside log q fixed. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void stickingTheLanding(int k) {
    Tensor eps = normal(22, 1, B * k, D);
    Tensor mu = normal(23, 1, B, D);
    Tensor logVar = normal(24, 0.7, B, D);
    double[] zeros = new double[B * D];
    check(
        "sticking the landing",
        (tape, p) -> {
          Want want = Want.LOG_DENSITIES_STL;
          return outputs(tape, GaussianOps.reparameterize(tape, p[0], p[1], eps, want), want);
        },
        p -> {
          double[] z = Formulas.sample(p[0], p[1], read(eps), k, D);
          return Formulas.project(z)
              + Formulas.project(Formulas.logDensity(z, read(mu), read(logVar), k, D))
              + Formulas.project(Formulas.logDensity(z, zeros, zeros, k, D));
        },
        mu,
        logVar);
  }

  /** A loss that depends on one output only: the others' gradients never arrive. */
  @ParameterizedTest
  @ValueSource(strings = {"kl", "klPerDim", "logQ", "logP"})
  void oneOutputOfReparameterize(String output) {
    Tensor eps = normal(19, 1, 2 * B, D);
    Want want = output.startsWith("kl") ? Want.KL_PER_DIM : Want.LOG_DENSITIES;
    check(
        "only " + output,
        (tape, p) -> {
          GaussianOps.Sample s = GaussianOps.reparameterize(tape, p[0], p[1], eps, want);
          return Formulas.project(
              tape,
              switch (output) {
                case "kl" -> s.kl();
                case "klPerDim" -> s.klPerDim();
                case "logQ" -> s.logQ();
                default -> s.logP();
              });
        },
        p -> {
          double[] z = Formulas.sample(p[0], p[1], read(eps), 2, D);
          double[] zeros = new double[B * D];
          double[] perDim = Formulas.klPerDim(p[0], p[1]);
          return Formulas.project(
              switch (output) {
                case "kl" -> Formulas.rowSums(perDim, D);
                case "klPerDim" -> perDim;
                case "logQ" -> Formulas.logDensity(z, p[0], p[1], 2, D);
                default -> Formulas.logDensity(z, zeros, zeros, 2, D);
              });
        },
        normal(20, 1, B, D),
        normal(21, 0.7, B, D));
  }

  private static Var outputs(Tape tape, GaussianOps.Sample s, Want want) {
    Var z = Formulas.project(tape, s.z());
    return switch (want) {
      case SAMPLE -> z;
      case KL -> plus(tape, z, Formulas.project(tape, s.kl()));
      case KL_PER_DIM ->
          plus(
              tape,
              plus(tape, z, Formulas.project(tape, s.kl())),
              Formulas.project(tape, s.klPerDim()));
      case LOG_DENSITIES, LOG_DENSITIES_STL ->
          plus(
              tape,
              plus(tape, z, Formulas.project(tape, s.logQ())),
              Formulas.project(tape, s.logP()));
    };
  }

  private static double outputs(double[] mu, double[] logVar, double[] eps, int k, Want want) {
    double[] z = Formulas.sample(mu, logVar, eps, k, D);
    double[] kl = Formulas.klPerDim(mu, logVar);
    double[] zeros = new double[mu.length];
    double first = Formulas.project(z);
    return switch (want) {
      case SAMPLE -> first;
      case KL -> first + Formulas.project(Formulas.rowSums(kl, D));
      case KL_PER_DIM -> first + Formulas.project(Formulas.rowSums(kl, D)) + Formulas.project(kl);
      case LOG_DENSITIES, LOG_DENSITIES_STL ->
          first
              + Formulas.project(Formulas.logDensity(z, mu, logVar, k, D))
              + Formulas.project(Formulas.logDensity(z, zeros, zeros, k, D));
    };
  }

  private static Var plus(Tape tape, Var a, Var b) {
    return ReduceOps.weightedSum(tape, a, 1, b, 1);
  }

  @Test
  void clampLogVar() {
    check(
        "clamp",
        (tape, p) -> Formulas.project(tape, GaussianOps.clampLogVar(tape, p[0], -0.5f, 0.75f)),
        p ->
            Formulas.project(
                Arrays.stream(p[0]).map(v -> Math.min(Math.max(v, -0.5), 0.75)).toArray()),
        normal(6, 1, B, D));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, B})
  void klToPrior(int priorRows) {
    Tensor mu = normal(7, 1, B, D);
    Tensor logVar = normal(8, 0.7, B, D);
    Tensor priorMu = normal(9, 1, priorRows, D);
    Tensor priorLogVar = normal(10, 0.7, priorRows, D);
    check(
        "klToPrior, learned prior",
        (tape, p) -> Formulas.project(tape, GaussianOps.klToPrior(tape, p[0], p[1], p[2], p[3])),
        p -> Formulas.project(Formulas.rowSums(Formulas.klPerDim(p[0], p[1], p[2], p[3]), D)),
        mu,
        logVar,
        priorMu,
        priorLogVar);
    check(
        "klPerDimToPrior",
        (tape, p) ->
            Formulas.project(tape, GaussianOps.klPerDimToPrior(tape, p[0], p[1], p[2], p[3])),
        p -> Formulas.project(Formulas.klPerDim(p[0], p[1], p[2], p[3])),
        mu,
        logVar,
        priorMu,
        priorLogVar);
    check(
        "klToPrior, fixed prior",
        (tape, p) ->
            Formulas.project(
                tape,
                GaussianOps.klToPrior(
                    tape, p[0], p[1], Var.constant(priorMu), Var.constant(priorLogVar))),
        p ->
            Formulas.project(
                Formulas.rowSums(
                    Formulas.klPerDim(p[0], p[1], read(priorMu), read(priorLogVar)), D)),
        mu,
        logVar);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void bernoulli(int k) {
    Tensor logits = normal(11, 2, B * k, N);
    Tensor x = Tensor.zeros(B, N);
    NoiseKey noise = new NoiseKey(3, 4).at(5);
    Backends.reference().random().uniform(new NoiseKey(1, 1), 0, x);
    check(
        "bernoulli",
        (tape, p) -> Formulas.project(tape, LikelihoodOps.bernoulli(tape, p[0], x)),
        p -> Formulas.project(Formulas.bernoulli(p[0], read(x), k, N)),
        logits);
    ByteTensor bytes = bytes();
    double[] pixels = pixels();
    double[] draws = new double[B * N];
    Tensor u = Tensor.zeros(B, N);
    Backends.reference().random().uniform(noise, 0, u);
    for (int i = 0; i < draws.length; i++) {
      draws[i] = u.get(i) < pixels[i] ? 1 : 0;
    }
    check(
        "bernoulli of bytes",
        (tape, p) -> Formulas.project(tape, LikelihoodOps.bernoulli(tape, p[0], bytes)),
        p -> Formulas.project(Formulas.bernoulli(p[0], pixels, k, N)),
        logits);
    check(
        "bernoulli of draws",
        (tape, p) -> Formulas.project(tape, LikelihoodOps.bernoulli(tape, p[0], bytes, noise)),
        p -> Formulas.project(Formulas.bernoulli(p[0], draws, k, N)),
        logits);
    check(
        "bernoulli of draws whose key moves on before the backward pass",
        (tape, p) -> {
          NoiseKey moving = new NoiseKey(3, 4).at(5);
          Var logLik = LikelihoodOps.bernoulli(tape, p[0], bytes, moving);
          moving.at(6);
          return Formulas.project(tape, logLik);
        },
        p -> Formulas.project(Formulas.bernoulli(p[0], draws, k, N)),
        logits);
  }

  /** {@link #bytes} in [0,1]. */
  private static double[] pixels() {
    double[] pixels = new double[B * N];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (bytes().array()[i] & 255) / 255.0;
    }
    return pixels;
  }

  private static ByteTensor bytes() {
    byte[] pixels = new byte[B * N];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i * 255 / (pixels.length - 1));
    }
    return new ByteTensor(pixels, 0, B, N);
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "1,1,2", "1,7,1", "1,7,2", "3,7,1", "6,7,2"})
  void gaussian(int logVarRows, int logVarColumns, int k) {
    Tensor mean = normal(12, 1, B * k, N);
    Tensor x = normal(13, 1, B, N);
    Tensor logVar = normal(14, 0.7, logVarRows, logVarColumns);
    check(
        "gaussian",
        (tape, p) -> Formulas.project(tape, LikelihoodOps.gaussian(tape, p[0], x, p[1])),
        p -> Formulas.project(Formulas.gaussian(p[0], read(x), p[1], k, N)),
        mean,
        logVar);
    check(
        "gaussian of bytes",
        (tape, p) -> Formulas.project(tape, LikelihoodOps.gaussian(tape, p[0], bytes(), p[1])),
        p -> Formulas.project(Formulas.gaussian(p[0], pixels(), p[1], k, N)),
        mean,
        logVar);
    check(
        "gaussian of fixed variance",
        (tape, p) ->
            Formulas.project(tape, LikelihoodOps.gaussian(tape, p[0], x, Var.constant(logVar))),
        p -> Formulas.project(Formulas.gaussian(p[0], read(x), read(logVar), k, N)),
        mean);
    check(
        "gaussian of fixed mean",
        (tape, p) ->
            Formulas.project(tape, LikelihoodOps.gaussian(tape, Var.constant(mean), x, p[0])),
        p -> Formulas.project(Formulas.gaussian(read(mean), read(x), p[0], k, N)),
        logVar);
  }

  @Test
  void weightedSums() {
    Tensor a = normal(15, 1, B, D);
    Tensor b = normal(16, 1, N);
    check(
        "one sum",
        (tape, p) -> Formulas.project(tape, ReduceOps.weightedSum(tape, p[0], -0.3f)),
        p -> Formulas.project(new double[] {-0.3f * Formulas.sum(p[0])}),
        a);
    check(
        "two sums",
        (tape, p) -> Formulas.project(tape, ReduceOps.weightedSum(tape, p[0], -0.3f, p[1], 1.7f)),
        p ->
            Formulas.project(new double[] {-0.3f * Formulas.sum(p[0]) + 1.7f * Formulas.sum(p[1])}),
        a,
        b);
    check(
        "a variable in both places",
        (tape, p) -> Formulas.project(tape, ReduceOps.weightedSum(tape, p[0], -0.3f, p[0], 1.7f)),
        p -> Formulas.project(new double[] {(-0.3f + 1.7f) * Formulas.sum(p[0])}),
        a);
    check(
        "a constant in the first place",
        (tape, p) ->
            Formulas.project(tape, ReduceOps.weightedSum(tape, Var.constant(a), 2, p[0], 1.7f)),
        p -> Formulas.project(new double[] {2 * Formulas.sum(read(a)) + 1.7f * Formulas.sum(p[0])}),
        b);
  }

  /** Column means of this input lie on both sides of λ = 0.1. */
  @Test
  void freeBits() {
    Tensor kl = normal(18, 0.5, B, D);
    check(
        "free bits",
        (tape, p) -> Formulas.project(tape, ReduceOps.freeBits(tape, p[0], 0.1f, 0.8f)),
        p -> Formulas.project(new double[] {0.8f * freeBits(p[0], 0.1f)}),
        kl);
  }

  private static double freeBits(double[] kl, double lambda) {
    double sum = 0;
    for (int d = 0; d < D; d++) {
      double mean = 0;
      for (int b = 0; b < B; b++) {
        mean += kl[b * D + d] / B;
      }
      sum += Math.max(lambda, mean);
    }
    return sum;
  }
}
