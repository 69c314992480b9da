package io.github.elbo4j.bench.kernel.divergence;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** The ARD kernel matrix, and the variance of a conditioned Gaussian process. */
public class ProcessBenchmark extends KernelBenchmark {
  /** Points x inducing points x coordinates. */
  @Param({"128x64x10", "4096x64x10"})
  public String shape = "";

  Tensor x;
  Tensor y;
  Tensor logWeight;
  Tensor logVariance;
  Tensor dK;
  Tensor v;
  Tensor dVariance;
  private Tensor matrix;
  private Tensor variance;
  private Tensor dX;
  private Tensor dY;
  private Tensor dLogWeight;
  private Tensor dLogVariance;
  private Tensor dV;
  Tensor square;
  Tensor dCovariance;
  private Tensor covariance;
  private Tensor dSquare;
  private Tensor dTall;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    x = numbers.normal(dims[0], dims[2]);
    y = numbers.normal(dims[1], dims[2]);
    logWeight = numbers.normal(dims[2]);
    logVariance = numbers.uniform(1);
    dK = numbers.normal(dims[0], dims[1]);
    v = numbers.uniform(dims[1], dims[0]);
    for (int i = 0; i < v.size(); i++) {
      v.array()[i] *= 0.05f; // of a variance of at least 1, something must be left
    }
    dVariance = numbers.normal(dims[0]);
    matrix = Tensor.zeros(dims[0], dims[1]);
    variance = Tensor.zeros(dims[0]);
    dX = Tensor.zeros(dims[0], dims[2]);
    dY = Tensor.zeros(dims[1], dims[2]);
    dLogWeight = Tensor.zeros(dims[2]);
    dLogVariance = Tensor.zeros(1);
    dV = Tensor.zeros(dims[1], dims[0]);
    square = numbers.normal(dims[1], dims[1]);
    dCovariance = numbers.normal(dims[1], dims[1]);
    covariance = Tensor.zeros(dims[1], dims[1]);
    dSquare = Tensor.zeros(dims[1], dims[1]);
    dTall = Tensor.zeros(dims[0], dims[1]);
    k.process().conditionalVariance(v, logVariance, variance);
  }

  @Override
  protected Work work(String benchmark) {
    Work pairs = Work.of(matrix.size());
    return switch (benchmark) {
      case "ard" -> pairs.reads(x, y).writes(matrix);
      case "ardBackward" -> pairs.reads(x, y, dK).updates(dX, dY, dLogWeight, dLogVariance);
      case "ardBoth" -> work("ard").and(work("ardBackward"));
      case "conditionalVariance" -> pairs.reads(v).writes(variance);
      case "conditionalVarianceBackward" ->
          pairs.reads(v, variance, dVariance).updates(dV, dLogVariance);
      case "conditionalCovariance" -> pairs.reads(square, dK).writes(covariance);
      case "conditionalCovarianceBackward" -> pairs.reads(dK, dCovariance).updates(dSquare, dTall);
      case "conditionalCovarianceBoth" ->
          work("conditionalCovariance").and(work("conditionalCovarianceBackward"));
      case "conditionalVarianceBoth" ->
          work("conditionalVariance").and(work("conditionalVarianceBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("process.ard")
  public Tensor ard() {
    k.process().ard(x, y, logWeight, logVariance, 0, matrix);
    return matrix;
  }

  @Benchmark
  @Covers("process.ardBackward")
  public Tensor ardBackward() {
    k.process().ardBackward(x, y, logWeight, logVariance, dK, dX, dY, dLogWeight, dLogVariance);
    return dX;
  }

  @Benchmark
  @Covers({"process.ard", "process.ardBackward"})
  public Tensor ardBoth() {
    ard();
    return ardBackward();
  }

  @Benchmark
  @Covers("process.conditionalVariance")
  public Tensor conditionalVariance() {
    k.process().conditionalVariance(v, logVariance, variance);
    return variance;
  }

  @Benchmark
  @Covers("process.conditionalVarianceBackward")
  public Tensor conditionalVarianceBackward() {
    k.process().conditionalVarianceBackward(v, logVariance, variance, dVariance, dV, dLogVariance);
    return dV;
  }

  @Benchmark
  @Covers({"process.conditionalVariance", "process.conditionalVarianceBackward"})
  public Tensor conditionalVarianceBoth() {
    conditionalVariance();
    return conditionalVarianceBackward();
  }

  /** At the inducing points, given values at all the points. */
  @Benchmark
  @Covers("process.conditionalCovariance")
  public Tensor conditionalCovariance() {
    k.process().conditionalCovariance(square, dK, covariance);
    return covariance;
  }

  @Benchmark
  @Covers("process.conditionalCovarianceBackward")
  public Tensor conditionalCovarianceBackward() {
    k.process().conditionalCovarianceBackward(dK, dCovariance, dSquare, dTall);
    return dTall;
  }

  @Benchmark
  @Covers({"process.conditionalCovariance", "process.conditionalCovarianceBackward"})
  public Tensor conditionalCovarianceBoth() {
    conditionalCovariance();
    return conditionalCovarianceBackward();
  }
}
