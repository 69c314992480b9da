package io.github.elbo4j.vi.fit;

/**
 * A log joint in the coordinates {@code u}, {@code θ = centre + scale·u}: with the mode as centre
 * and the posterior's rough standard deviations as scale, step sizes and distances have no units.
 */
final class Rescaled implements LogJoint {
  private final LogJoint target;
  private final double[] centre;
  private final double[] scale;
  private final double logScale;
  private final double[] theta;

  Rescaled(LogJoint target, double[] centre, double[] scale) {
    this.target = target;
    this.centre = centre.clone();
    this.scale = scale.clone();
    theta = new double[centre.length];
    double sum = 0;
    for (double s : scale) {
      sum += Math.log(s);
    }
    logScale = sum;
  }

  @Override
  public int dimension() {
    return centre.length;
  }

  @Override
  public double gradient(double[] u, double[] gradient) {
    toTheta(u, 0, theta, 0);
    double value = target.gradient(theta, gradient);
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] *= scale[i];
    }
    return value + logScale;
  }

  @Override
  public double value(double[] u) {
    toTheta(u, 0, theta, 0);
    return target.value(theta) + logScale;
  }

  /** One point, from an array of them to another. */
  void toTheta(double[] u, int fromU, double[] theta, int fromTheta) {
    for (int i = 0; i < centre.length; i++) {
      theta[fromTheta + i] = centre[i] + scale[i] * u[fromU + i];
    }
  }
}
