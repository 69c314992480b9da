package io.github.elbo4j.bench.kernel.dense;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Batch normalisation of rows and of images. */
public class BatchNormBenchmark extends KernelBenchmark {
  static final float EPSILON = 1e-5f;
  static final float MOMENTUM = 0.1f;

  /** Rows x channels x elements of a channel. */
  @Param({"128x64x1", "128x400x1", "4096x64x1", "4096x400x1", "128x32x196"})
  public String shape = "";

  Tensor x;
  Tensor y;
  Tensor dY;
  Tensor dX;
  Tensor gain;
  Tensor bias;
  Tensor mean;
  Tensor rstd;
  Tensor runningMean;
  Tensor runningVariance;
  Tensor dGain;
  Tensor dBias;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int rows = dims[0];
    int channels = dims[1];
    int columns = channels * dims[2];
    x = numbers.normal(rows, columns);
    dY = numbers.normal(rows, columns);
    gain = numbers.normal(channels);
    bias = numbers.normal(channels);
    y = Tensor.zeros(rows, columns);
    dX = Tensor.zeros(rows, columns);
    mean = Tensor.zeros(channels);
    rstd = numbers.uniform(channels);
    runningMean = Tensor.zeros(channels);
    runningVariance = numbers.uniform(channels);
    dGain = Tensor.zeros(channels);
    dBias = Tensor.zeros(channels);
  }

  @Override
  protected Work work(String benchmark) {
    Work w = Work.of(x.size());
    return switch (benchmark) {
      case "batchNorm" -> w.reads(x, gain, bias).writes(y).updates(runningMean, runningVariance);
      case "batchNormBackward", "fixedNormBackward" ->
          w.reads(x, gain, mean, rstd, dY).updates(dX).updates(dGain, dBias);
      case "batchNormBoth" -> work("batchNorm").and(work("batchNormBackward"));
      case "fixedNorm" -> w.reads(x, gain, bias, runningMean, runningVariance).writes(y);
      case "fixedNormBoth" -> work("fixedNorm").and(work("fixedNormBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("normalization.batchNorm")
  public Tensor batchNorm() {
    k.normalization()
        .batchNorm(x, gain, bias, EPSILON, MOMENTUM, runningMean, runningVariance, y, mean, rstd);
    return y;
  }

  @Benchmark
  @Covers("normalization.batchNormBackward")
  public Tensor batchNormBackward() {
    k.normalization().batchNormBackward(x, gain, mean, rstd, dY, dX, dGain, dBias);
    return dX;
  }

  @Benchmark
  @Covers({"normalization.batchNorm", "normalization.batchNormBackward"})
  public Tensor batchNormBoth() {
    batchNorm();
    return batchNormBackward();
  }

  @Benchmark
  @Covers("normalization.fixedNorm")
  public Tensor fixedNorm() {
    k.normalization().fixedNorm(x, gain, bias, runningMean, runningVariance, EPSILON, y, rstd);
    return y;
  }

  @Benchmark
  @Covers({"normalization.fixedNorm", "normalization.fixedNormBackward"})
  public Tensor fixedNormBoth() {
    fixedNorm();
    k.normalization().fixedNormBackward(x, gain, runningMean, rstd, dY, dX, dGain, dBias);
    return dX;
  }
}
