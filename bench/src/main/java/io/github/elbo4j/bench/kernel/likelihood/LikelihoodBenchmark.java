package io.github.elbo4j.bench.kernel.likelihood;

import io.github.elbo4j.bench.kernel.AtLeast;
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
  /** Data points x samples x data dimensions: a VAE, a large batch, an IWAE. */
  @Param({"128x1x784", "4096x1x784", "20x50x784"})
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
  Tensor ownLogVar;
  Tensor dOwnLogVar;

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
    ownLogVar = numbers.normal(rows, n);
    dOwnLogVar = Tensor.zeros(rows, n);
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
      case "bernoulliWithGradient" -> w.reads(x, g).writes(logLik).updates(dOutput);
      case "bernoulliBytesWithGradient" -> w.reads(pixels).reads(g).writes(logLik).updates(dOutput);
      case "gaussian" -> w.reads(x, logVar).writes(logLik);
      case "gaussianBytes" -> w.reads(pixels).reads(logVar).writes(logLik);
      case "gaussianBackward" -> w.reads(x, logVar, g).updates(dOutput, dLogVar);
      case "gaussianBytesBackward" -> w.reads(pixels).reads(logVar, g).updates(dOutput, dLogVar);
      case "gaussianOwn" -> w.reads(x, ownLogVar).writes(logLik);
      case "gaussianOwnBackward" -> w.reads(x, ownLogVar, g).updates(dOutput, dOwnLogVar);
      case "gaussianOwnBoth" -> work("gaussianOwn").and(work("gaussianOwnBackward"));
      case "gaussianOwnWithGradient" ->
          w.reads(x, ownLogVar, g).writes(logLik).updates(dOutput, dOwnLogVar);
      case "gaussianOwnBytesWithGradient" ->
          w.reads(pixels).reads(ownLogVar, g).writes(logLik).updates(dOutput, dOwnLogVar);
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
  @Covers("fusedLikelihood.bernoulliWithGradient")
  @AtLeast(shape = "128x1x784", value = 5.5)
  @AtLeast(shape = "4096x1x784", value = 7.5)
  public Tensor bernoulliWithGradient() {
    k.fusedLikelihood().bernoulliWithGradient(output, x, g, logLik, dOutput);
    return dOutput;
  }

  @Benchmark
  @Covers("fusedLikelihood.bernoulliBytesWithGradient")
  public Tensor bernoulliBytesWithGradient() {
    k.fusedLikelihood().bernoulliWithGradient(output, pixels, g, logLik, dOutput);
    return dOutput;
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

  /** A log-variance for each element, as a decoder with two heads gives it. */
  @Benchmark
  @Covers("likelihood.gaussian")
  @AtLeast(shape = "128x1x784", value = 6)
  @AtLeast(shape = "4096x1x784", value = 8)
  public Tensor gaussianOwn() {
    k.likelihood().gaussian(output, x, ownLogVar, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("likelihood.gaussianBackward")
  public Tensor gaussianOwnBackward() {
    k.likelihood().gaussianBackward(output, x, ownLogVar, g, dOutput, dOwnLogVar);
    return dOutput;
  }

  @Benchmark
  @Covers({"likelihood.gaussian", "likelihood.gaussianBackward"})
  public Tensor gaussianOwnBoth() {
    gaussianOwn();
    return gaussianOwnBackward();
  }

  @Benchmark
  @Covers("fusedLikelihood.gaussianWithGradient")
  @AtLeast(shape = "128x1x784", value = 6)
  @AtLeast(shape = "4096x1x784", value = 8)
  public Tensor gaussianOwnWithGradient() {
    k.fusedLikelihood().gaussianWithGradient(output, x, ownLogVar, g, logLik, dOutput, dOwnLogVar);
    return dOutput;
  }

  @Benchmark
  @Covers("fusedLikelihood.gaussianBytesWithGradient")
  public Tensor gaussianOwnBytesWithGradient() {
    k.fusedLikelihood()
        .gaussianWithGradient(output, pixels, ownLogVar, g, logLik, dOutput, dOwnLogVar);
    return dOutput;
  }
}
