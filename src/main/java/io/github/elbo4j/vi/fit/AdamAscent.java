package io.github.elbo4j.vi.fit;

/**
 * Steps uphill by Adam (Kingma and Ba 2015), in double, with a rate that falls from {@code
 * learningRate} to 0 along half a cosine: at its end the noise of the gradients is averaged out. β₂
 * is 0.99, not 0.999: gradients shrink a thousandfold on the way in, and their scale must follow.
 */
final class AdamAscent {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.99;
  private static final double EPSILON = 1e-12;

  private final double[] first;
  private final double[] second;
  private final double learningRate;
  private final int steps;
  private int step;

  AdamAscent(int n, double learningRate, int steps) {
    first = new double[n];
    second = new double[n];
    this.learningRate = learningRate;
    this.steps = steps;
  }

  /** Replaces a gradient by the step to take. */
  void step(double[] gradient) {
    double rate = learningRate * 0.5 * (1 + Math.cos(Math.PI * step / steps));
    step++;
    double c1 = 1 - Math.pow(BETA1, step);
    double c2 = 1 - Math.pow(BETA2, step);
    for (int i = 0; i < gradient.length; i++) {
      first[i] += (1 - BETA1) * (gradient[i] - first[i]);
      second[i] += (1 - BETA2) * (gradient[i] * gradient[i] - second[i]);
      gradient[i] = rate * (first[i] / c1) / (Math.sqrt(second[i] / c2) + EPSILON);
    }
  }
}
