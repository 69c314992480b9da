package io.github.elbo4j.bench.kernel.covariance;

import io.github.elbo4j.bench.kernel.AtLeast;
import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** The Gaussian with a full covariance: samples, log densities, divergences. */
public class CovarianceBenchmark extends KernelBenchmark {
  /** Data points x samples x latent dimensions: VAEs and an IWAE's. */
  @Param({"128x1x32", "1024x1x32", "4096x1x32", "1024x1x64", "20x50x50"})
  public String shape = "";

  private final NoiseKey noise = new NoiseKey(1, 2);
  Tensor mu;
  Tensor logSigma;
  Tensor lower;
  Tensor factor;
  Tensor mu2;
  Tensor factor2;
  Tensor eps;
  Tensor z;
  Tensor kl;
  Tensor logQ;
  Tensor dz;
  Tensor dKl;
  Tensor dLogQ;
  Tensor dX;
  Tensor dMu;
  Tensor dLogSigma;
  Tensor dLower;
  Tensor dFactor;
  Tensor dMu2;
  Tensor dFactor2;

  /** The reference takes seconds for the larger ones. */
  @Override
  protected String verifiedShape(String shape) {
    return shape.replace("4096x", "67x").replace("1024x", "35x");
  }

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int points = dims[0];
    int rows = points * dims[1];
    int d = dims[2];
    mu = numbers.normal(points, d);
    logSigma = scaled(numbers.normal(points, d), 0.3f);
    lower = scaled(numbers.normal(points, d * (d - 1) / 2), (float) (0.5 / Math.sqrt(d)));
    factor = factor(numbers, points, d);
    mu2 = numbers.normal(points, d);
    factor2 = factor(numbers, points, d);
    eps = numbers.normal(rows, d);
    z = numbers.normal(rows, d);
    kl = Tensor.zeros(points);
    logQ = Tensor.zeros(rows);
    dz = numbers.normal(rows, d);
    dKl = numbers.normal(points);
    dLogQ = numbers.normal(rows);
    dX = Tensor.zeros(rows, d);
    dMu = Tensor.zeros(points, d);
    dLogSigma = Tensor.zeros(points, d);
    dLower = Tensor.zeros(points, d * (d - 1) / 2);
    dFactor = Tensor.zeros(points, d * d);
    dMu2 = Tensor.zeros(points, d);
    dFactor2 = Tensor.zeros(points, d * d);
  }

  private static Tensor scaled(Tensor t, float scale) {
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] *= scale;
    }
    return t;
  }

  /** Full lower triangles whose inverses are of moderate size. */
  private static Tensor factor(Numbers numbers, int points, int d) {
    Tensor t = scaled(numbers.normal(points, d * d), (float) (0.5 / Math.sqrt(d)));
    for (int p = 0; p < points * d; p++) {
      int diagonal = p * d + p % d;
      t.array()[diagonal] = 0.75f + Math.abs(t.array()[diagonal]);
      for (int j = p % d + 1; j < d; j++) {
        t.array()[p * d + j] = 0;
      }
    }
    return t;
  }

  @Override
  protected Work work(String benchmark) {
    Work samples = Work.of(z.size());
    Work points = Work.of(factor.size());
    return switch (benchmark) {
      case "reparameterize" -> samples.reads(mu, logSigma, lower, eps).writes(z, kl, logQ);
      case "reparameterizeDrawn" -> samples.reads(mu, logSigma, lower).writes(z, kl, logQ);
      case "reparameterizeBackward" ->
          samples.reads(mu, logSigma, lower, eps, dz, dKl, dLogQ).updates(dMu, dLogSigma, dLower);
      case "reparameterizeDrawnBackward" ->
          samples.reads(mu, logSigma, lower, dz, dKl, dLogQ).updates(dMu, dLogSigma, dLower);
      case "reparameterizeBoth" -> work("reparameterize").and(work("reparameterizeBackward"));
      case "reparameterizeDrawnBoth" ->
          work("reparameterizeDrawn").and(work("reparameterizeDrawnBackward"));
      case "logDensity" -> samples.reads(z, mu, logSigma, lower).writes(logQ);
      case "logDensityBackward" ->
          samples.reads(z, mu, logSigma, lower, dLogQ).updates(dX, dMu, dLogSigma, dLower);
      case "logDensityBoth" -> work("logDensity").and(work("logDensityBackward"));
      case "logDensityOfFull" -> samples.reads(z, mu, factor).writes(logQ);
      case "logDensityOfFullBackward" ->
          samples.reads(z, mu, factor, dLogQ).updates(dX, dMu, dFactor);
      case "logDensityOfFullBoth" -> work("logDensityOfFull").and(work("logDensityOfFullBackward"));
      case "kl" -> points.reads(mu, factor, mu2, factor2).writes(kl);
      case "klBackward" ->
          points.reads(mu, factor, mu2, factor2, dKl).updates(dMu, dFactor, dMu2, dFactor2);
      case "klBoth" -> work("kl").and(work("klBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("covariance.reparameterize")
  public Tensor reparameterize() {
    k.covariance().reparameterize(mu, logSigma, lower, eps, z, kl, logQ, null);
    return z;
  }

  @Benchmark
  @Covers("covariance.reparameterize")
  public Tensor reparameterizeDrawn() {
    k.covariance().reparameterize(mu, logSigma, lower, noise, z, kl, logQ, null);
    return z;
  }

  @Benchmark
  @Covers("covariance.reparameterizeBackward")
  public Tensor reparameterizeBackward() {
    k.covariance()
        .reparameterizeBackward(
            mu, logSigma, lower, eps, z, dz, dKl, dLogQ, null, false, dMu, dLogSigma, dLower);
    return dLower;
  }

  @Benchmark
  @Covers("covariance.reparameterizeBackward")
  public Tensor reparameterizeDrawnBackward() {
    k.covariance()
        .reparameterizeBackward(
            mu, logSigma, lower, noise, z, dz, dKl, dLogQ, null, false, dMu, dLogSigma, dLower);
    return dLower;
  }

  @Benchmark
  @Covers({"covariance.reparameterize", "covariance.reparameterizeBackward"})
  @AtLeast(shape = "1024x1x32", value = 6)
  public Tensor reparameterizeBoth() {
    reparameterize();
    return reparameterizeBackward();
  }

  @Benchmark
  @Covers({"covariance.reparameterize", "covariance.reparameterizeBackward"})
  @AtLeast(shape = "1024x1x32", value = 6)
  public Tensor reparameterizeDrawnBoth() {
    reparameterizeDrawn();
    return reparameterizeDrawnBackward();
  }

  @Benchmark
  @Covers("covariance.logDensity")
  public Tensor logDensity() {
    k.covariance().logDensity(z, mu, logSigma, lower, logQ);
    return logQ;
  }

  @Benchmark
  @Covers("covariance.logDensityBackward")
  public Tensor logDensityBackward() {
    k.covariance().logDensityBackward(z, mu, logSigma, lower, dLogQ, dX, dMu, dLogSigma, dLower);
    return dLower;
  }

  @Benchmark
  @Covers({"covariance.logDensity", "covariance.logDensityBackward"})
  public Tensor logDensityBoth() {
    logDensity();
    return logDensityBackward();
  }

  @Benchmark
  @Covers("covariance.logDensity")
  public Tensor logDensityOfFull() {
    k.covariance().logDensity(z, mu, factor, logQ);
    return logQ;
  }

  @Benchmark
  @Covers("covariance.logDensityBackward")
  public Tensor logDensityOfFullBackward() {
    k.covariance().logDensityBackward(z, mu, factor, dLogQ, dX, dMu, dFactor);
    return dFactor;
  }

  @Benchmark
  @Covers({"covariance.logDensity", "covariance.logDensityBackward"})
  public Tensor logDensityOfFullBoth() {
    logDensityOfFull();
    return logDensityOfFullBackward();
  }

  @Benchmark
  @Covers("covariance.kl")
  public Tensor kl() {
    k.covariance().kl(mu, factor, mu2, factor2, kl);
    return kl;
  }

  @Benchmark
  @Covers("covariance.klBackward")
  public Tensor klBackward() {
    k.covariance().klBackward(mu, factor, mu2, factor2, dKl, dMu, dFactor, dMu2, dFactor2);
    return dFactor;
  }

  @Benchmark
  @Covers({"covariance.kl", "covariance.klBackward"})
  public Tensor klBoth() {
    kl();
    return klBackward();
  }
}
