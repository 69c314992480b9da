package io.github.elbo4j.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.dense.ConvShape;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** Softmax, normalisation, dropout and convolution on the tape against their formulas. */
class NetworkOpsTest {
  private static final int R = 3;
  private static final int C = 4;

  /** Fixed weights of a loss, so that no symmetry hides a gradient. */
  private static double weight(int i) {
    return Math.cos(1.3 * i + 0.2);
  }

  private static Tensor weights(int n) {
    Tensor w = Tensor.zeros(n, 1);
    for (int i = 0; i < n; i++) {
      w.array()[i] = (float) weight(i);
    }
    return w;
  }

  /** Σ of the squares of y times fixed weights, through one dense layer of tanh. */
  private static Var loss(Tape tape, Var y) {
    Var w = Var.constant(weights(y.value().columns()));
    return ReduceOps.weightedSum(tape, DenseOps.dense(tape, y, w, null, Activation.TANH), 1);
  }

  private static double loss(double[] y, int columns) {
    double sum = 0;
    for (int r = 0; r < y.length / columns; r++) {
      double v = 0;
      for (int c = 0; c < columns; c++) {
        v += y[r * columns + c] * (float) weight(c);
      }
      sum += Math.tanh(v);
    }
    return sum;
  }

  private static double[] softmax(double[] x, boolean log) {
    double[] y = new double[x.length];
    for (int r = 0; r < R; r++) {
      double sum = 0;
      for (int c = 0; c < C; c++) {
        sum += Math.exp(x[r * C + c]);
      }
      for (int c = 0; c < C; c++) {
        double v = x[r * C + c] - Math.log(sum);
        y[r * C + c] = log ? v : Math.exp(v);
      }
    }
    return y;
  }

  @Test
  void softmaxes() {
    Tensor x = TapeCheck.normal(1, 1, R, C);
    TapeCheck.check(
        "softmax",
        (tape, p) -> loss(tape, NormalizationOps.softmax(tape, p[0])),
        p -> loss(softmax(p[0], false), C),
        x);
    TapeCheck.check(
        "log softmax",
        (tape, p) -> loss(tape, NormalizationOps.logSoftmax(tape, p[0])),
        p -> loss(softmax(p[0], true), C),
        x);
  }

  /** Normalises groups of elements: element i is in group i / a % b. */
  private static double[] normalized(double[][] p, int groups, int a, int gains, int s) {
    double[] x = p[0];
    double[] y = new double[x.length];
    for (int g = 0; g < groups; g++) {
      double n = 0;
      double mean = 0;
      double square = 0;
      for (int i = 0; i < x.length; i++) {
        if (i / a % groups == g) {
          n++;
          mean += x[i];
        }
      }
      mean /= n;
      for (int i = 0; i < x.length; i++) {
        square += i / a % groups == g ? (x[i] - mean) * (x[i] - mean) / n : 0;
      }
      for (int i = 0; i < x.length; i++) {
        if (i / a % groups == g) {
          int c = i / s % gains;
          y[i] = (x[i] - mean) / Math.sqrt(square + (double) 1e-2f) * p[1][c] + p[2][c];
        }
      }
    }
    return y;
  }

  @Test
  void layerNorm() {
    TapeCheck.check(
        "layer normalisation",
        (tape, p) -> loss(tape, NormalizationOps.layerNorm(tape, p[0], p[1], p[2], 1e-2f)),
        p -> loss(normalized(p, R, C, C, 1), C),
        TapeCheck.normal(1, 1, R, C),
        TapeCheck.normal(2, 1, C),
        TapeCheck.normal(3, 1, C));
  }

  @Test
  void batchNorm() {
    for (int channels : new int[] {C, 2}) {
      int s = C / channels;
      TapeCheck.check(
          "batch normalisation",
          (tape, p) ->
              loss(
                  tape,
                  NormalizationOps.batchNorm(
                      tape,
                      p[0],
                      p[1],
                      p[2],
                      1e-2f,
                      0.1f,
                      Tensor.zeros(channels),
                      Tensor.zeros(channels))),
          p -> loss(normalized(p, channels, s, channels, s), C),
          TapeCheck.normal(1, 1, R, C),
          TapeCheck.normal(2, 1, channels),
          TapeCheck.normal(3, 1, channels));
    }
  }

  @Test
  void fixedNorm() {
    Tensor mean = TapeCheck.normal(4, 1, 2);
    Tensor variance = Tensor.of(new float[] {0.5f, 2}, 0, 2);
    ToDoubleFunction<double[][]> formula =
        p -> {
          double[] y = new double[R * C];
          for (int i = 0; i < y.length; i++) {
            int c = i / 2 % 2;
            double scale = 1 / Math.sqrt(variance.get(c) + (double) 1e-2f);
            y[i] = (p[0][i] - mean.get(c)) * scale * p[1][c] + p[2][c];
          }
          return loss(y, C);
        };
    TapeCheck.check(
        "fixed normalisation",
        (tape, p) ->
            loss(tape, NormalizationOps.fixedNorm(tape, p[0], p[1], p[2], mean, variance, 1e-2f)),
        formula,
        TapeCheck.normal(1, 1, R, C),
        TapeCheck.normal(2, 1, 2),
        TapeCheck.normal(3, 1, 2));
  }

  @Test
  void gainAndBiasGoTogether() {
    Tape tape = new Tape(Backends.reference());
    Tensor four = Tensor.zeros(C);
    Var gain = Var.parameter(four, Tensor.zeros(C));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                NormalizationOps.layerNorm(
                    tape, Var.constant(Tensor.zeros(R, C)), gain, Var.constant(four), 1))
        .withMessage("normalization: gain and bias must both need a gradient or neither");
  }

  /** The key moves on before the backward pass, which must draw the old mask. */
  @Test
  void dropout() {
    NoiseKey noise = new NoiseKey(3, 2).at(5);
    NoiseKey same = new NoiseKey(3, 2).at(5);
    TapeCheck.check(
        "dropout",
        (tape, p) -> {
          Var y = RandomOps.dropout(tape, p[0], 0.4f, noise.at(5));
          noise.at(6);
          return loss(tape, y);
        },
        p -> {
          double[] y = new double[R * C];
          for (int i = 0; i < y.length; i++) {
            boolean dropped = Philox.uniform(Philox.bits(same, i)) < 0.4f;
            y[i] = dropped ? 0 : p[0][i] / (1 - (double) 0.4f);
          }
          return loss(y, C);
        },
        TapeCheck.normal(1, 1, R, C));
    assertThat(noise.step()).isEqualTo(6);
  }

  private static final ConvShape SHAPE =
      new ConvShape(2, 2, new ConvShape.Axis(4, 2, 2, 1, 1), new ConvShape.Axis(3, 2, 1, 0, 2));

  /** The pairs of input and output elements that share a weight, for one image. */
  private static double[] convolved(double[] x, double[] w, boolean transposed, int images) {
    double[] y = new double[images * (transposed ? SHAPE.inSize() : SHAPE.outSize())];
    ConvShape.Axis h = SHAPE.height();
    ConvShape.Axis v = SHAPE.width();
    for (int at = 0; at < images * SHAPE.outSize() * SHAPE.patch(); at++) {
      int output = at / SHAPE.patch();
      int tap = at % SHAPE.patch();
      int o = output / (h.out() * v.out()) % 2;
      int row = output / v.out() % h.out() * 2 - 1 + tap / 2 % 2;
      int column = output % v.out() + tap % 2 * 2;
      int input = ((output / SHAPE.outSize() * 2 + tap / 4) * h.in() + row) * v.in() + column;
      if (row >= 0 && row < h.in() && column < v.in()) {
        double weight = w[o * SHAPE.patch() + tap];
        y[transposed ? input : output] += weight * x[transposed ? output : input];
      }
    }
    return y;
  }

  @Test
  void convolutions() {
    for (boolean transposed : new boolean[] {false, true}) {
      for (Activation f : new Activation[] {Activation.NONE, Activation.SILU}) {
        int from = transposed ? SHAPE.outSize() : SHAPE.inSize();
        int to = transposed ? SHAPE.inSize() : SHAPE.outSize();
        TapeCheck.check(
            (transposed ? "transposed convolution " : "convolution ") + f,
            (tape, p) ->
                loss(
                    tape,
                    transposed
                        ? ConvolutionOps.transposed(tape, SHAPE, p[0], p[1], p[2], f)
                        : ConvolutionOps.convolve(tape, SHAPE, p[0], p[1], p[2], f)),
            p -> {
              double[] y = convolved(p[0], p[1], transposed, R);
              for (int i = 0; i < y.length; i++) {
                y[i] += p[2][i / (to / 2) % 2];
                y[i] = f == Activation.SILU ? y[i] / (1 + Math.exp(-y[i])) : y[i];
              }
              return loss(y, to);
            },
            TapeCheck.normal(1, 1, R, from),
            TapeCheck.normal(2, 0.5, 2, SHAPE.patch()),
            TapeCheck.normal(3, 0.5, 2));
      }
    }
  }
}
