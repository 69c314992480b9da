package io.github.elbo4j.bench.kernel.likelihood;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Bernoulli and Gaussian log-likelihoods of floats and of bytes. */
public class LikelihoodBenchmark extends KernelBenchmark {
  /** Data points x samples x data dimensions: a VAE, an IWAE, a ragged one. */
  @Param({"128x1x784", "20x50x784", "33x3x1001"})
  public String shape = "";

  private final NoiseKey draws = new NoiseKey(1, 2);
  Tensor output;
  Tensor x;
  ByteTensor pixels;
  Tensor logVar;
  Tensor logLik;
  Tensor g;
  Tensor dOutput;
  Tensor dLogVar;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int points = dims[0];
    int rows = points * dims[1];
    int n = dims[2];
    output = numbers.normal(rows, n);
    x = numbers.uniform(points, n);
    pixels = numbers.pixels(points, n);
    logVar = numbers.normal(1, n);
    logLik = Tensor.zeros(rows);
    g = numbers.normal(rows);
    dOutput = Tensor.zeros(rows, n);
    dLogVar = Tensor.zeros(1, n);
  }

  @Override
  protected Work work(String benchmark) {
    Work w = Work.of(output.size()).reads(output);
    return switch (benchmark) {
      case "bernoulli" -> w.reads(x).writes(logLik);
      case "bernoulliBytes", "bernoulliDrawn" -> w.reads(pixels).writes(logLik);
      case "bernoulliBackward" -> w.reads(x, g).updates(dOutput);
      case "bernoulliBytesBackward", "bernoulliDrawnBackward" ->
          w.reads(pixels).reads(g).updates(dOutput);
      case "bernoulliBoth" -> work("bernoulli").and(work("bernoulliBackward"));
      case "gaussian" -> w.reads(x, logVar).writes(logLik);
      case "gaussianBytes" -> w.reads(pixels).reads(logVar).writes(logLik);
      case "gaussianBackward" -> w.reads(x, logVar, g).updates(dOutput, dLogVar);
      case "gaussianBytesBackward" -> w.reads(pixels).reads(logVar, g).updates(dOutput, dLogVar);
      case "gaussianBoth" -> work("gaussian").and(work("gaussianBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers({"likelihood.bernoulli", "likelihood.firstOutsideUnit"})
  public Tensor bernoulli() {
    k.likelihood().bernoulli(output, x, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("likelihood.bernoulliBytes")
  public Tensor bernoulliBytes() {
    k.likelihood().bernoulli(output, pixels, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("likelihood.bernoulliBytes")
  public Tensor bernoulliDrawn() {
    k.likelihood().bernoulli(output, pixels, draws, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("likelihood.bernoulliBackward")
  public Tensor bernoulliBackward() {
    k.likelihood().bernoulliBackward(output, x, g, dOutput);
    return dOutput;
  }

  @Benchmark
  @Covers("likelihood.bernoulliBytesBackward")
  public Tensor bernoulliBytesBackward() {
    k.likelihood().bernoulliBackward(output, pixels, g, dOutput);
    return dOutput;
  }

  @Benchmark
  @Covers("likelihood.bernoulliBytesBackward")
  public Tensor bernoulliDrawnBackward() {
    k.likelihood().bernoulliBackward(output, pixels, draws, g, dOutput);
    return dOutput;
  }

  @Benchmark
  @Covers({"likelihood.bernoulli", "likelihood.bernoulliBackward"})
  public Tensor bernoulliBoth() {
    bernoulli();
    return bernoulliBackward();
  }

  @Benchmark
  @Covers("likelihood.gaussian")
  public Tensor gaussian() {
    k.likelihood().gaussian(output, x, logVar, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("likelihood.gaussianBytes")
  public Tensor gaussianBytes() {
    k.likelihood().gaussian(output, pixels, logVar, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("likelihood.gaussianBackward")
  public Tensor gaussianBackward() {
    k.likelihood().gaussianBackward(output, x, logVar, g, dOutput, dLogVar);
    return dOutput;
  }

  @Benchmark
  @Covers("likelihood.gaussianBytesBackward")
  public Tensor gaussianBytesBackward() {
    k.likelihood().gaussianBackward(output, pixels, logVar, g, dOutput, dLogVar);
    return dOutput;
  }

  @Benchmark
  @Covers({"likelihood.gaussian", "likelihood.gaussianBackward"})
  public Tensor gaussianBoth() {
    gaussian();
    return gaussianBackward();
  }
}
