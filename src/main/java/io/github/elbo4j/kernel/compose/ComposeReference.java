package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.tensor.Tensor;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The law for {@link ComposeKernels}: pure functions in double. */
public final class ComposeReference extends ComposeKernels {
  /** A product of two Gaussians, or the gradient of one of them. */
  record Gaussian(double[] mu, double[] logVar) {}

  /** A gradient of the product with respect to both. */
  record Pair(Gaussian first, Gaussian second) {}

  /** {@code count} columns of [B,c1] as [B·k,c2], zeros beside them. */
  static double[] columns(
      double[] from, int c1, int fromColumn, int k, int c2, int toColumn, int count) {
    int rows = c1 == 0 ? 0 : from.length / c1 * k;
    double[] to = new double[rows * c2];
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < count; j++) {
        to[r * c2 + toColumn + j] = from[r / k * c1 + fromColumn + j];
      }
    }
    return to;
  }

  /** Its gradient, [B,c1]. */
  static double[] columnsGradient(
      double[] dTo, int c1, int fromColumn, int k, int c2, int toColumn, int count) {
    int rows = c2 == 0 ? 0 : dTo.length / c2;
    double[] dFrom = new double[rows / k * c1];
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < count; j++) {
        dFrom[r / k * c1 + fromColumn + j] += dTo[r * c2 + toColumn + j];
      }
    }
    return dFrom;
  }

  /** Sums of rows. */
  static double[] rowSums(double[] x, int rows) {
    double[] sums = new double[rows];
    for (int i = 0; i < x.length; i++) {
      sums[i / (x.length / rows)] += x[i];
    }
    return sums;
  }

  /** Their gradient. */
  static double[] rowSumsGradient(double[] dy, int columns) {
    double[] dx = new double[dy.length * columns];
    for (int i = 0; i < dx.length; i++) {
      dx[i] = dy[i / columns];
    }
    return dx;
  }

  static Gaussian merge(double[] mu1, double[] logVar1, double[] mu2, double[] logVar2) {
    double[] mu = new double[mu1.length];
    double[] logVar = new double[mu1.length];
    for (int i = 0; i < mu.length; i++) {
      double w1 = ReferenceMath.sigmoid(logVar2[i] - logVar1[i]);
      double w2 = ReferenceMath.sigmoid(logVar1[i] - logVar2[i]);
      mu[i] = w1 * mu1[i] + w2 * mu2[i];
      logVar[i] = -ReferenceMath.logAddExp(-logVar1[i], -logVar2[i]);
    }
    return new Gaussian(mu, logVar);
  }

  /** Gradient of {@link #merge}; null for zeros. */
  static Pair mergeGradient(
      double[] mu1,
      double[] logVar1,
      double[] mu2,
      double[] logVar2,
      double @Nullable [] dMu,
      double @Nullable [] dLogVar) {
    int n = mu1.length;
    Gaussian first = new Gaussian(new double[n], new double[n]);
    Gaussian second = new Gaussian(new double[n], new double[n]);
    for (int i = 0; i < n; i++) {
      double w1 = ReferenceMath.sigmoid(logVar2[i] - logVar1[i]);
      double w2 = ReferenceMath.sigmoid(logVar1[i] - logVar2[i]);
      if (dMu != null) {
        double t = dMu[i] * w1 * w2 * (mu1[i] - mu2[i]);
        first.mu[i] = dMu[i] * w1;
        second.mu[i] = dMu[i] * w2;
        first.logVar[i] = -t;
        second.logVar[i] = t;
      }
      if (dLogVar != null) {
        first.logVar[i] += dLogVar[i] * w1;
        second.logVar[i] += dLogVar[i] * w2;
      }
    }
    return new Pair(first, second);
  }

  /** Deviations from the means of d columns. */
  private static double[] centred(double[] mu, int rows, int d) {
    double[] x = mu.clone();
    for (int j = 0; j < d; j++) {
      double mean = 0;
      for (int b = 0; b < rows; b++) {
        mean += mu[b * d + j] / rows;
      }
      for (int b = 0; b < rows; b++) {
        x[b * d + j] -= mean;
      }
    }
    return x;
  }

  /** C of centred rows, [d,d]. */
  private static double[] covariance(double[] x, int rows, int d) {
    double[] c = new double[d * d];
    for (int b = 0; b < rows; b++) {
      for (int i = 0; i < d; i++) {
        for (int j = 0; j < d; j++) {
          c[i * d + j] += x[b * d + i] * x[b * d + j] / rows;
        }
      }
    }
    return c;
  }

  /** λ_off Σ_{i≠j} C_ij² + λ_diag Σ_i (C_ii − 1)². */
  static double penalty(double[] mu, int rows, int d, double lambdaOff, double lambdaDiag) {
    double[] c = covariance(centred(mu, rows, d), rows, d);
    double sum = 0;
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        double one = i == j ? c[i * d + i] - 1 : c[i * d + j];
        sum += (i == j ? lambdaDiag : lambdaOff) * one * one;
      }
    }
    return sum;
  }

  /** Its gradient, [rows,d]. */
  static double[] penaltyGradient(
      double[] mu, int rows, int d, double lambdaOff, double lambdaDiag, double dOut) {
    double[] x = centred(mu, rows, d);
    double[] c = covariance(x, rows, d);
    double[] gradient = new double[mu.length];
    for (int b = 0; b < rows; b++) {
      for (int i = 0; i < d; i++) {
        for (int j = 0; j < d; j++) {
          double h = i == j ? lambdaDiag * (c[i * d + i] - 1) : lambdaOff * c[i * d + j];
          gradient[b * d + i] += 4 * dOut / rows * x[b * d + j] * h;
        }
      }
    }
    return gradient;
  }

  /** Rows in the order of a column's bits. */
  static int[] order(NoiseKey noise, int rows, int column) {
    return IntStream.range(0, rows)
        .boxed()
        .sorted(
            Comparator.comparingLong(
                r -> Integer.toUnsignedLong(Philox.bits(noise, (long) column * rows + r))))
        .mapToInt(Integer::intValue)
        .toArray(); // a stable sort: equal ones by row
  }

  @Override
  protected void doAddScaled(Tensor x, float weight, @Nullable Tensor factor, Tensor y) {
    double[] term = Doubles.read(x);
    double scale = weight * (factor == null ? 1.0 : factor.get(0));
    for (int i = 0; i < term.length; i++) {
      term[i] *= scale;
    }
    Doubles.accumulate(term, y);
  }

  @Override
  protected void doAddProduct(Tensor a, Tensor b, Tensor y) {
    double[] term = Doubles.read(a);
    double[] other = Doubles.read(b);
    for (int i = 0; i < term.length; i++) {
      term[i] *= other[i];
    }
    Doubles.accumulate(term, y);
  }

  @Override
  protected void doAddColumns(Tensor from, int fromColumn, Tensor to, int toColumn, int count) {
    if (count > 0) {
      int k = samples(to, from);
      double[] x = Doubles.read(from);
      Doubles.accumulate(
          columns(x, from.columns(), fromColumn, k, to.columns(), toColumn, count), to);
    }
  }

  @Override
  protected void doAddColumnsBackward(
      Tensor dTo, int toColumn, Tensor dFrom, int fromColumn, int count) {
    if (count > 0) {
      int k = samples(dTo, dFrom);
      double[] g = Doubles.read(dTo);
      Doubles.accumulate(
          columnsGradient(g, dFrom.columns(), fromColumn, k, dTo.columns(), toColumn, count),
          dFrom);
    }
  }

  private static int samples(Tensor to, Tensor from) {
    return from.rows() == 0 ? 1 : to.rows() / from.rows();
  }

  @Override
  protected void doAddRowSums(Tensor x, Tensor y) {
    Doubles.accumulate(rowSums(Doubles.read(x), x.rows()), y);
  }

  @Override
  protected void doAddRowSumsBackward(Tensor dy, Tensor dx) {
    Doubles.accumulate(rowSumsGradient(Doubles.read(dy), dx.columns()), dx);
  }

  @Override
  protected void doMergeGaussians(
      Tensor mu1, Tensor logVar1, Tensor mu2, Tensor logVar2, Tensor mu, Tensor logVar) {
    Gaussian merged =
        merge(Doubles.read(mu1), Doubles.read(logVar1), Doubles.read(mu2), Doubles.read(logVar2));
    Doubles.write(merged.mu, mu);
    Doubles.write(merged.logVar, logVar);
  }

  @Override
  protected void doMergeGaussiansBackward(
      Tensor mu1,
      Tensor logVar1,
      Tensor mu2,
      Tensor logVar2,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogVar,
      @Nullable Tensor dMu1,
      @Nullable Tensor dLogVar1,
      @Nullable Tensor dMu2,
      @Nullable Tensor dLogVar2) {
    Pair g =
        mergeGradient(
            Doubles.read(mu1),
            Doubles.read(logVar1),
            Doubles.read(mu2),
            Doubles.read(logVar2),
            Doubles.readOptional(dMu),
            Doubles.readOptional(dLogVar));
    Doubles.accumulate(g.first.mu, dMu1);
    Doubles.accumulate(g.first.logVar, dLogVar1);
    Doubles.accumulate(g.second.mu, dMu2);
    Doubles.accumulate(g.second.logVar, dLogVar2);
  }

  @Override
  protected void doCovariancePenalty(Tensor mu, float lambdaOff, float lambdaDiag, Tensor out) {
    double term = penalty(Doubles.read(mu), mu.rows(), mu.columns(), lambdaOff, lambdaDiag);
    Doubles.accumulate(new double[] {term}, out);
  }

  @Override
  protected void doCovariancePenaltyBackward(
      Tensor mu, float lambdaOff, float lambdaDiag, Tensor dOut, Tensor dMu) {
    double[] x = Doubles.read(mu);
    Doubles.accumulate(
        penaltyGradient(x, mu.rows(), mu.columns(), lambdaOff, lambdaDiag, dOut.get(0)), dMu);
  }

  @Override
  protected void doShuffleColumns(Tensor z, NoiseKey noise, Tensor out) {
    double[] x = Doubles.read(z);
    double[] shuffled = new double[x.length];
    int d = z.columns();
    for (int j = 0; j < d; j++) {
      int[] order = order(noise, z.rows(), j);
      for (int i = 0; i < order.length; i++) {
        shuffled[i * d + j] = x[order[i] * d + j];
      }
    }
    Doubles.write(shuffled, out);
  }
}
