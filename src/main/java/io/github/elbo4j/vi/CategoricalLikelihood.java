package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.DenseOps;
import io.github.elbo4j.autodiff.DensityOps;
import io.github.elbo4j.autodiff.NormalizationOps;
import io.github.elbo4j.autodiff.ShapeOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Independent data dimensions of C levels each, any distribution over them (KERNELS.md §3). */
final class CategoricalLikelihood implements Likelihood {
  private static final String LOGITS = "likelihood.logits";

  /** Means are kept this far from 0 and 1 before they become logits. */
  private static final double CLIP = 1e-2;

  private final Dense logits;
  private final int levels;
  private final Var values;

  /** The likelihood whose parameters {@link #declare} put there. */
  CategoricalLikelihood(Parameters parameters, int levels) {
    this.logits = new Dense(parameters, LOGITS, Activation.NONE);
    this.levels = levels;
    float[] value = new float[levels];
    for (int c = 0; c < levels; c++) {
      value[c] = c / (levels - 1f);
    }
    this.values = Var.constant(Tensor.of(value, 0, levels, 1));
  }

  /**
   * Declares the head [in,N·C] on a decoder of width {@code in}. It starts at the flattest
   * distribution of each dimension's mean: one whose logits rise evenly.
   */
  static void declare(
      Parameters.Builder builder, int in, int data, int levels, double @Nullable [] dataMeans) {
    int outputs = Math.multiplyExact(data, levels);
    Initializer bias = Initializer.zeros();
    if (dataMeans != null) {
      float[] start = new float[outputs];
      for (int n = 0; n < data; n++) {
        double slope = slope(Math.clamp(dataMeans[n], CLIP, 1 - CLIP), levels);
        for (int c = 0; c < levels; c++) {
          start[n * levels + c] = (float) (slope * (c / (levels - 1.0) - 0.5));
        }
      }
      bias = Initializer.of(start);
    }
    Dense.declare(builder, LOGITS, in, outputs, Initializer.fanInUniform(), bias);
  }

  /** The s at which logits s·c/(C − 1) give the mean level; it rises with s. */
  private static double slope(double mean, int levels) {
    double low = -2000;
    double high = 2000;
    while (high - low > 1e-9) {
      double s = (low + high) / 2;
      double sum = 0;
      double weighted = 0;
      for (int c = 0; c < levels; c++) {
        double v = c / (levels - 1.0);
        double p = Math.exp(s * v - Math.max(0, s));
        sum += p;
        weighted += p * v;
      }
      if (weighted < mean * sum) {
        low = s;
      } else {
        high = s;
      }
    }
    return low;
  }

  @Override
  public Var logLik(Tape tape, Var h, Observed data) {
    return DensityOps.categorical(tape, logits.forward(tape, h), data.levels());
  }

  /** The expected level over C − 1, in [0,1]. */
  @Override
  public Var mean(Tape tape, Var h) {
    Var l = logits.forward(tape, h);
    int rows = l.value().rows();
    int data = l.value().columns() / levels;
    Var p = NormalizationOps.softmax(tape, ShapeOps.reshape(tape, l, rows * data, levels));
    Var mean = DenseOps.dense(tape, p, values, null, Activation.NONE);
    return ShapeOps.reshape(tape, mean, rows, data);
  }
}
