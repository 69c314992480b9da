package io.github.elbo4j.kernel.divergence;

import static io.github.elbo4j.kernel.Doubles.accumulate;
import static io.github.elbo4j.kernel.Doubles.read;
import static io.github.elbo4j.kernel.Doubles.readOptional;
import static io.github.elbo4j.kernel.Doubles.write;

import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link CorrelationKernels} in double: the law. */
public final class CorrelationReference extends CorrelationKernels {
  private static final double LOG_2PI = Math.log(2 * Math.PI);

  /** The samples and posteriors of one call; rows = samples, points = posteriors. */
  record Pairs(
      double[] z,
      double[] mu,
      double[] logVar,
      int rows,
      int points,
      int d,
      long examples,
      Weighting weighting) {
    /** log W[r,j]. */
    double logWeight(int r, int j) {
      boolean stratified = weighting == Weighting.STRATIFIED;
      if (stratified && j == r) {
        return logWeightOfOwn(examples);
      }
      if (stratified && j == (r + 1) % points) {
        return logWeightOfNext(points, examples);
      }
      return CorrelationKernels.logWeight(points, examples, weighting);
    }

    double distance(int r, int j, int i) {
      return z[r * d + i] - mu[j * d + i];
    }

    /** l[r,j,i]. */
    double logDensity(int r, int j, int i) {
      double logVariance = logVar[j * d + i];
      double square = distance(r, j, i) * distance(r, j, i);
      return -0.5 * (square * Math.exp(-logVariance) + logVariance + LOG_2PI);
    }

    /** log W + Σ_d l. */
    double joint(int r, int j) {
      double sum = logWeight(r, j);
      for (int i = 0; i < d; i++) {
        sum += logDensity(r, j, i);
      }
      return sum;
    }
  }

  /** logQ of every row. */
  static double[] joint(Pairs p) {
    double[] logQ = new double[p.rows];
    double[] terms = new double[p.points];
    for (int r = 0; r < p.rows; r++) {
      for (int j = 0; j < p.points; j++) {
        terms[j] = p.joint(r, j);
      }
      logQ[r] = ReferenceMath.logSumExp(terms, 0, p.points);
    }
    return logQ;
  }

  /** logQPerDim of every row and dimension. */
  static double[] perDim(Pairs p) {
    double[] logQ = new double[p.rows * p.d];
    double[] terms = new double[p.points];
    for (int i = 0; i < logQ.length; i++) {
      for (int j = 0; j < p.points; j++) {
        terms[j] = p.logWeight(i / p.d, j) + p.logDensity(i / p.d, j, i % p.d);
      }
      logQ[i] = ReferenceMath.logSumExp(terms, 0, p.points);
    }
    return logQ;
  }

  /** Adds the gradients; a null gradient of an output is left out. */
  static void backward(
      Pairs p,
      double @Nullable [] dLogQ,
      double @Nullable [] dPerDim,
      double[] dZ,
      double[] dMu,
      double[] dLogVar) {
    double[] logQ = joint(p);
    double[] perDim = perDim(p);
    for (int r = 0; r < p.rows; r++) {
      for (int j = 0; j < p.points; j++) {
        double shared = dLogQ == null ? 0 : dLogQ[r] * Math.exp(p.joint(r, j) - logQ[r]);
        for (int i = 0; i < p.d; i++) {
          int at = r * p.d + i;
          double own = Math.exp(p.logWeight(r, j) + p.logDensity(r, j, i) - perDim[at]);
          double g = shared + (dPerDim == null ? 0 : dPerDim[at] * own);
          double distance = p.distance(r, j, i);
          double t = g * distance * Math.exp(-p.logVar[j * p.d + i]);
          dZ[at] -= t;
          dMu[j * p.d + i] += t;
          dLogVar[j * p.d + i] += 0.5 * (t * distance - g);
        }
      }
    }
  }

  private static Pairs pairs(
      Tensor z, Tensor mu, Tensor logVar, long examples, Weighting weighting) {
    return new Pairs(
        read(z), read(mu), read(logVar), z.rows(), mu.rows(), mu.columns(), examples, weighting);
  }

  @Override
  protected void doLogDensities(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor logQ,
      Tensor logQPerDim) {
    Pairs p = pairs(z, mu, logVar, examples, weighting);
    write(joint(p), logQ);
    write(perDim(p), logQPerDim);
  }

  @Override
  protected void doLogDensitiesBackward(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor logQ,
      Tensor logQPerDim,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogQPerDim,
      Tensor dZ,
      Tensor dMu,
      Tensor dLogVar) {
    double[] toZ = new double[z.size()];
    double[] toMu = new double[mu.size()];
    double[] toLogVar = new double[mu.size()];
    Pairs p = pairs(z, mu, logVar, examples, weighting);
    backward(p, readOptional(dLogQ), readOptional(dLogQPerDim), toZ, toMu, toLogVar);
    accumulate(toZ, dZ);
    accumulate(toMu, dMu);
    accumulate(toLogVar, dLogVar);
  }
}
