package io.github.elbo4j.autodiff;

import static io.github.elbo4j.kernel.Doubles.read;
import static io.github.elbo4j.testkit.TapeCheck.check;
import static io.github.elbo4j.testkit.TapeCheck.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.elbo4j.autodiff.ConcreteOps.Density;
import io.github.elbo4j.autodiff.ConcreteOps.Want;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Value and gradient of the Concrete and categorical operations against formulas in double. */
class DiscreteOpsTest {
  private static final int B = 2;
  private static final int K = 3;
  private static final int N = 2;
  private static final int C = 3;
  private static final int W = N * C;
  private static final int R = B * K;
  private static final NoiseKey NOISE = new NoiseKey(5, 6).at(7);
  private static final Tensor TAU = Tensor.of(new float[] {0.75f}, 0, 1);
  private static final Tensor LOGITS = normal(1, 1, B, W);

  /** Logits (a row each K samples) plus G of the uniforms, divided by τ and normalised. */
  private static double[] sampled(double[] logits, double tau) {
    Tensor u = Tensor.zeros(R, W);
    Backends.reference().random().uniform(NOISE, 0, u);
    double[] x = new double[R * W];
    for (int i = 0; i < x.length; i++) {
      x[i] = (logits[i / W / K * W + i % W] - Math.log(-Math.log(u.get(i)))) / tau;
    }
    return logSoftmax(x);
  }

  private static double[] logSoftmax(double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      int v = i / C * C;
      y[i] = x[i] - Math.log(Arrays.stream(x, v, v + C).map(Math::exp).sum());
    }
    return y;
  }

  private static double[] exp(double[] x) {
    return Arrays.stream(x).map(Math::exp).toArray();
  }

  /** log( (C−1)!·τ^(C−1)·Π( α·y^(−τ) )/( Σ α·y^(−τ) )^C ), for C = 3. */
  private static double[] density(double[] logits, double tau, double[] logY, boolean ofY) {
    double[] out = new double[logY.length / W];
    for (int v = 0; v < logY.length; v += C) {
      double sum = 0;
      double term = Math.log(2) + 2 * Math.log(tau);
      for (int i = v; i < v + C; i++) {
        double d = logits[i / W / K * W + i % W] - tau * logY[i];
        sum += Math.exp(d);
        term += d - (ofY ? logY[i] : 0);
      }
      out[v / W] += term - C * Math.log(sum);
    }
    return out;
  }

  private static Var plus(Tape tape, Var a, Var b) {
    return ReduceOps.weightedSum(tape, a, 1, b, 1);
  }

  @Test
  void softmax() {
    check(
        "softmax",
        (tape, p) -> Formulas.project(tape, CategoricalOps.softmax(tape, p[0], C)),
        p -> Formulas.project(exp(logSoftmax(p[0]))),
        LOGITS);
  }

  @ParameterizedTest
  @EnumSource
  void sample(Density density) {
    double[] fixed = read(LOGITS);
    check(
        "sample " + density,
        (tape, p) -> {
          ConcreteOps.Sample s =
              ConcreteOps.sample(tape, p[0], C, p[1], NOISE, K, Want.SAMPLE, density);
          Var sum = plus(tape, Formulas.project(tape, s.logs()), Formulas.project(tape, s.y()));
          return density == Density.NONE ? sum : plus(tape, sum, Formulas.project(tape, s.logQ()));
        },
        p -> {
          double[] logY = sampled(p[0], p[1][0]);
          double sum = Formulas.project(logY) + Formulas.project(exp(logY));
          double[] held = density == Density.STL ? fixed : p[0];
          double tau = density == Density.STL ? TAU.get(0) : p[1][0];
          return density == Density.NONE
              ? sum
              : sum + Formulas.project(density(held, tau, logY, false));
        },
        LOGITS,
        TAU);
  }

  /** A loss linear in the sample has the same gradient through the rounded as the relaxed one. */
  @Test
  void straightThrough() {
    Tensor[] gradients = new Tensor[2];
    float[] losses = new float[2];
    Want[] wants = {Want.SAMPLE, Want.STRAIGHT_THROUGH};
    for (int i = 0; i < 2; i++) {
      gradients[i] = Tensor.zeros(B, W);
      Tape tape = new Tape(Backends.simd());
      Var logits = Var.parameter(LOGITS, gradients[i]);
      ConcreteOps.Sample s =
          ConcreteOps.sample(tape, logits, C, Var.constant(TAU), NOISE, K, wants[i], Density.NONE);
      Var decoder = Var.constant(normal(2, 1, 1, W));
      Var loss =
          ReduceOps.weightedSum(tape, CategoricalOps.logProbOfWeights(tape, decoder, C, s.y()), 1);
      tape.backward(loss);
      losses[i] = loss.value().get(0);
      for (float y : s.y().value().toArray()) {
        assertThat(y == 0 || y == 1).isEqualTo(i == 1);
      }
      assertThatThrownBy(s::logQ).hasMessage("sample: logQ was not asked for");
    }
    assertThat(losses[1]).isNotEqualTo(losses[0]);
    assertThat(gradients[1].toArray()).isEqualTo(gradients[0].toArray());
    assertThat(gradients[0].toArray()).doesNotContain(0f);
  }

  @Test
  void densities() {
    for (boolean ofY : new boolean[] {false, true}) {
      check(
          "log density",
          (tape, p) ->
              Formulas.project(tape, ConcreteOps.logDensity(tape, p[0], C, p[1], p[2], ofY)),
          p -> Formulas.project(density(p[0], p[1][0], p[2], ofY)),
          LOGITS,
          TAU,
          normal(3, 1, R, W));
    }
  }

  @Test
  void conditional() {
    Tensor index = Tensor.of(new float[] {0, 1, 2, 1, 0, 0, 2, 2, 1, 0, 1, 2}, 0, R, N);
    Tensor u = Tensor.zeros(R, W);
    Backends.reference().random().uniform(NOISE, 0, u);
    check(
        "conditional",
        (tape, p) -> {
          ConcreteOps.Conditional c = ConcreteOps.conditional(tape, p[0], C, p[1], index, NOISE);
          return plus(tape, Formulas.project(tape, c.z()), Formulas.project(tape, c.logY()));
        },
        p -> {
          double[] z = new double[R * W];
          for (int i = 0; i < z.length; i++) {
            int v = i / C * C;
            int row = i / W / K * W;
            double sum = 0;
            for (int j = v; j < v + C; j++) {
              sum += Math.exp(p[0][row + j % W]);
            }
            int d = v + (int) index.get(i / C);
            double top = -Math.log(u.get(d)) / sum;
            double own = -Math.log(u.get(i)) / Math.exp(p[0][row + i % W]);
            z[i] = -Math.log(i == d ? top : own + top);
          }
          double[] relaxed = Arrays.stream(z).map(x -> x / p[1][0]).toArray();
          return Formulas.project(z) + Formulas.project(logSoftmax(relaxed));
        },
        LOGITS,
        TAU);
  }

  @ParameterizedTest
  @EnumSource
  void binarySample(Density density) {
    Tensor u = Tensor.zeros(R, W);
    Backends.reference().random().uniform(NOISE, 0, u);
    double[] fixed = read(LOGITS);
    check(
        "binary sample " + density,
        (tape, p) -> {
          ConcreteOps.Sample s =
              ConcreteOps.binarySample(tape, p[0], p[1], NOISE, K, Want.SAMPLE, density);
          Var sum = plus(tape, Formulas.project(tape, s.logs()), Formulas.project(tape, s.y()));
          return density == Density.NONE ? sum : plus(tape, sum, Formulas.project(tape, s.logQ()));
        },
        p -> {
          double[] l = new double[R * W];
          for (int i = 0; i < l.length; i++) {
            double noise = Math.log(u.get(i)) - Math.log1p(-u.get(i));
            l[i] = (p[0][i / W / K * W + i % W] + noise) / p[1][0];
          }
          double[] y = Arrays.stream(l).map(x -> 1 / (1 + Math.exp(-x))).toArray();
          double sum = Formulas.project(l) + Formulas.project(y);
          boolean stl = density == Density.STL;
          return density == Density.NONE
              ? sum
              : sum
                  + Formulas.project(
                      binaryDensity(stl ? fixed : p[0], stl ? TAU.get(0) : p[1][0], l, false));
        },
        LOGITS,
        TAU);
  }

  /** log( τ·α·e^(−τl)/( 1 + α·e^(−τl) )² ); ofY: divided by dy/dl = y(1−y). */
  private static double[] binaryDensity(double[] logits, double tau, double[] l, boolean ofY) {
    double[] out = new double[R];
    for (int i = 0; i < l.length; i++) {
      double d = logits[i / W / K * W + i % W] - tau * l[i];
      out[i / W] += Math.log(tau) + d - 2 * Math.log1p(Math.exp(d));
      out[i / W] += ofY ? Math.log1p(Math.exp(l[i])) + Math.log1p(Math.exp(-l[i])) : 0;
    }
    return out;
  }

  @Test
  void binaryDensities() {
    for (boolean ofY : new boolean[] {false, true}) {
      check(
          "binary log density",
          (tape, p) ->
              Formulas.project(tape, ConcreteOps.binaryLogDensity(tape, p[0], p[1], p[2], ofY)),
          p -> Formulas.project(binaryDensity(p[0], p[1][0], p[2], ofY)),
          LOGITS,
          TAU,
          normal(3, 1, R, W));
    }
  }

  @Test
  void logProbabilities() {
    Tensor index = Tensor.of(new float[] {0, 1, 2, 1, 0, 0, 2, 2, 1, 0, 1, 2}, 0, R, N);
    double[] hot = new double[R * W];
    for (int v = 0; v < R * N; v++) {
      hot[v * C + (int) index.get(v)] = 1;
    }
    check(
        "log probability",
        (tape, p) -> Formulas.project(tape, CategoricalOps.logProb(tape, p[0], C, index)),
        p -> Formulas.project(weighed(p[0], hot)),
        LOGITS);
    check(
        "of weights",
        (tape, p) -> Formulas.project(tape, CategoricalOps.logProbOfWeights(tape, p[0], C, p[1])),
        p -> Formulas.project(weighed(p[0], p[1])),
        LOGITS,
        normal(4, 1, R, W));
  }

  private static double[] weighed(double[] logits, double[] weights) {
    double[] logP = logSoftmax(logits);
    double[] out = new double[R];
    for (int i = 0; i < weights.length; i++) {
      out[i / W] += weights[i] * logP[i / W / K * W + i % W];
    }
    return out;
  }

  @Test
  void divergences() {
    Tensor logits = normal(5, 1, R, W);
    check(
        "entropy",
        (tape, p) -> Formulas.project(tape, CategoricalOps.entropy(tape, p[0], C)),
        p -> Formulas.project(divergence(p[0], null, -1)),
        logits);
    check(
        "kl to uniform",
        (tape, p) -> Formulas.project(tape, CategoricalOps.klToUniform(tape, p[0], C)),
        p -> Formulas.project(divergence(p[0], new double[B * W], 1)),
        logits);
    check(
        "kl",
        (tape, p) -> Formulas.project(tape, CategoricalOps.kl(tape, p[0], C, p[1])),
        p -> Formulas.project(divergence(p[0], p[1], 1)),
        logits,
        LOGITS);
  }

  /** sign·Σ p·( log p − log q ), without q when it is null. */
  private static double[] divergence(double[] logits, double @Nullable [] prior, double sign) {
    double[] logP = logSoftmax(logits);
    double[] logQ = prior == null ? null : logSoftmax(prior);
    double[] out = new double[R];
    for (int i = 0; i < logP.length; i++) {
      double q = logQ == null ? 0 : logQ[i / W / K * W + i % W];
      out[i / W] += sign * Math.exp(logP[i]) * (logP[i] - q);
    }
    return out;
  }

  @Test
  void marginalization() {
    check(
        "marginalize",
        (tape, p) -> Formulas.project(tape, CategoricalOps.marginalize(tape, p[0], C, p[1])),
        p -> {
          double[] out = new double[R * N];
          for (int i = 0; i < p[1].length; i++) {
            out[i / C] += Math.exp(p[0][i / W / K * W + i % W] + p[1][i]);
          }
          return Formulas.project(Arrays.stream(out).map(Math::log).toArray());
        },
        LOGITS,
        normal(6, 1, R, W));
  }

  @Test
  void refusals() {
    Tape tape = new Tape(Backends.simd());
    Var logits = Var.constant(LOGITS);
    assertThatThrownBy(
            () ->
                ConcreteOps.sample(
                    tape, logits, C, Var.constant(TAU), NOISE, 0, Want.LOGS, Density.NONE))
        .hasMessage("sample: samples 0 must be >= 1");
    assertThatThrownBy(
            () -> ConcreteOps.sample(tape, logits, C, logits, NOISE, 1, Want.LOGS, Density.NONE))
        .hasMessage("concrete: tau [2,6] must have 1 element");
  }
}
