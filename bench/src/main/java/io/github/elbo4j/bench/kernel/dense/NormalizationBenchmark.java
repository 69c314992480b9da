package io.github.elbo4j.bench.kernel.dense;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Softmax and layer normalisation of rows. */
public class NormalizationBenchmark extends KernelBenchmark {
  static final float EPSILON = 1e-5f;

  /** Rows x columns. */
  @Param({"128x64", "128x400", "4096x64", "4096x400"})
  public String shape = "";

  Tensor x;
  Tensor y;
  Tensor dY;
  Tensor dX;
  Tensor gain;
  Tensor bias;
  Tensor mean;
  Tensor rstd;
  Tensor dGain;
  Tensor dBias;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    x = numbers.normal(dims);
    dY = numbers.normal(dims);
    gain = numbers.normal(dims[1]);
    bias = numbers.normal(dims[1]);
    y = Tensor.zeros(dims);
    y.fill(1f / dims[1]);
    dX = Tensor.zeros(dims);
    mean = Tensor.zeros(dims[0]);
    rstd = Tensor.zeros(dims[0]);
    rstd.fill(1);
    dGain = Tensor.zeros(dims[1]);
    dBias = Tensor.zeros(dims[1]);
  }

  @Override
  protected Work work(String benchmark) {
    Work w = Work.of(x.size());
    return switch (benchmark) {
      case "softmax", "logSoftmax" -> w.reads(x).writes(y);
      case "softmaxBackward", "logSoftmaxBackward" -> w.reads(y, dY).updates(dX);
      case "softmaxBoth" -> work("softmax").and(work("softmaxBackward"));
      case "logSoftmaxBoth" -> work("logSoftmax").and(work("logSoftmaxBackward"));
      case "layerNorm" -> w.reads(x, gain, bias).writes(y).reads(mean, rstd);
      case "layerNormBackward" ->
          w.reads(x, gain, mean, rstd, dY).updates(dX).updates(dGain, dBias);
      case "layerNormBoth" -> work("layerNorm").and(work("layerNormBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("normalization.softmax")
  public Tensor softmax() {
    k.normalization().softmax(x, y);
    return y;
  }

  @Benchmark
  @Covers("normalization.softmaxBackward")
  public Tensor softmaxBackward() {
    k.normalization().softmaxBackward(y, dY, dX);
    return dX;
  }

  @Benchmark
  @Covers({"normalization.softmax", "normalization.softmaxBackward"})
  public Tensor softmaxBoth() {
    softmax();
    return softmaxBackward();
  }

  @Benchmark
  @Covers({"normalization.softmax", "normalization.softmaxBackward"})
  public Tensor logSoftmaxBoth() {
    k.normalization().logSoftmax(x, y);
    k.normalization().logSoftmaxBackward(y, dY, dX);
    return dX;
  }

  @Benchmark
  @Covers("normalization.layerNorm")
  public Tensor layerNorm() {
    k.normalization().layerNorm(x, gain, bias, EPSILON, y, mean, rstd);
    return y;
  }

  @Benchmark
  @Covers("normalization.layerNormBackward")
  public Tensor layerNormBackward() {
    k.normalization().layerNormBackward(x, gain, mean, rstd, dY, dX, dGain, dBias);
    return dX;
  }

  @Benchmark
  @Covers({"normalization.layerNorm", "normalization.layerNormBackward"})
  public Tensor layerNormBoth() {
    layerNorm();
    return layerNormBackward();
  }
}
