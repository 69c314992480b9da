package io.github.elbo4j.kernel.optim;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The law for {@link OptimKernels}: pure functions in double, bias corrections written out. */
public final class OptimReference extends OptimKernels {
  /** An exponential average with one more number in it. */
  static double average(double old, double next, double decay) {
    return decay * old + (1 - decay) * next;
  }

  /** The parameter after the step, from the moments after the step. */
  static double parameter(double p, double m, double v, AdamStep s, boolean decayed) {
    double mHat = m / (1 - Math.pow(s.beta1(), (double) s.step()));
    double vHat = v / (1 - Math.pow(s.beta2(), (double) s.step()));
    double decay = decayed ? s.learningRate() * s.weightDecay() * p : 0;
    return p - s.learningRate() * mHat / (Math.sqrt(vHat) + s.epsilon()) - decay;
  }

  /** Σ x². */
  static double squaredNorm(double[] x) {
    double sum = 0;
    for (double value : x) {
      sum += value * value;
    }
    return sum;
  }

  /** min(1, maxNorm/norm); a NaN stays. */
  static double clipScale(double squaredNorm, double maxNorm) {
    return Math.min(1, maxNorm / Math.sqrt(squaredNorm));
  }

  @Override
  protected void doAdam(
      Tensor param,
      Tensor grad,
      Tensor m,
      Tensor v,
      @Nullable Tensor gradScale,
      @Nullable Tensor guard,
      AdamStep s) {
    if (!finite(guard)) {
      grad.fill(0);
      return;
    }
    double scale = gradScale == null ? 1 : gradScale.get(0);
    double[] p = Doubles.read(param);
    double[] first = Doubles.read(m);
    double[] second = Doubles.read(v);
    for (int i = 0; i < p.length; i++) {
      double g = scale * grad.get(i);
      first[i] = average(first[i], g, s.beta1());
      second[i] = average(second[i], g * g, s.beta2());
      p[i] = parameter(p[i], first[i], second[i], s, i < s.decayed());
    }
    Doubles.write(p, param);
    Doubles.write(first, m);
    Doubles.write(second, v);
    grad.fill(0);
  }

  @Override
  protected void doSquaredNorm(Tensor x, Tensor out) {
    out.fill((float) squaredNorm(Doubles.read(x)));
  }

  @Override
  protected void doClipScale(Tensor squaredNorm, float maxNorm, Tensor scale) {
    scale.fill((float) clipScale(squaredNorm.get(0), maxNorm));
  }

  @Override
  protected void doPolyak(Tensor average, Tensor param, float decay, @Nullable Tensor guard) {
    if (!finite(guard)) {
      return;
    }
    double[] a = Doubles.read(average);
    for (int i = 0; i < a.length; i++) {
      a[i] = average(a[i], param.get(i), decay);
    }
    Doubles.write(a, average);
  }
}
