package io.github.elbo4j.bench.kernel.likelihood;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Continuous Bernoulli, Laplace and discretised logistic. */
public class DensityBenchmark extends KernelBenchmark {
  /** Rows x data dimensions. */
  @Param({"128x784", "4096x784"})
  public String shape = "";

  Tensor logits;
  Tensor output;
  Tensor x;
  ByteTensor pixels;
  Tensor shared;
  Tensor logScale;
  Tensor logLik;
  Tensor g;
  Tensor dOutput;
  Tensor dShared;
  Tensor dLogScale;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    logits = numbers.normal(dims);
    output = numbers.uniform(dims);
    x = numbers.uniform(dims);
    pixels = numbers.pixels(dims[0], dims[1]);
    shared = numbers.normal(dims[1]);
    logScale = numbers.uniform(dims);
    for (int i = 0; i < logScale.size(); i++) {
      logScale.array()[logScale.offset() + i] -= 3;
    }
    logLik = Tensor.zeros(dims[0]);
    g = numbers.normal(dims[0]);
    dOutput = Tensor.zeros(dims);
    dShared = Tensor.zeros(dims[1]);
    dLogScale = Tensor.zeros(dims);
  }

  @Override
  protected Work work(String benchmark) {
    boolean ofLogits = benchmark.startsWith("continuous");
    Work w = Work.of(output.size()).reads(ofLogits ? logits : output);
    return switch (benchmark) {
      case "continuousBernoulli" -> w.reads(x).writes(logLik);
      case "continuousBernoulliBytes" -> w.reads(pixels).writes(logLik);
      case "continuousBernoulliBackward" -> w.reads(x, g).updates(dOutput);
      case "continuousBernoulliBytesBackward" -> w.reads(pixels).reads(g).updates(dOutput);
      case "continuousBernoulliBoth" ->
          work("continuousBernoulli").and(work("continuousBernoulliBackward"));
      case "laplace" -> w.reads(x, shared).writes(logLik);
      case "laplaceBytes" -> w.reads(pixels).reads(shared).writes(logLik);
      case "laplaceBackward" -> w.reads(x, shared, g).updates(dOutput, dShared);
      case "laplaceBytesBackward" -> w.reads(pixels).reads(shared, g).updates(dOutput, dShared);
      case "laplaceBoth" -> work("laplace").and(work("laplaceBackward"));
      case "discretizedLogistic" -> w.reads(pixels).reads(logScale).writes(logLik);
      case "discretizedLogisticBackward" ->
          w.reads(pixels).reads(logScale, g).updates(dOutput, dLogScale);
      case "discretizedLogisticBoth" ->
          work("discretizedLogistic").and(work("discretizedLogisticBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("likelihood.continuousBernoulli")
  public Tensor continuousBernoulli() {
    k.likelihood().continuousBernoulli(logits, x, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("likelihood.continuousBernoulliBytes")
  public Tensor continuousBernoulliBytes() {
    k.likelihood().continuousBernoulli(logits, pixels, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("likelihood.continuousBernoulliBackward")
  public Tensor continuousBernoulliBackward() {
    k.likelihood().continuousBernoulliBackward(logits, x, g, dOutput);
    return dOutput;
  }

  @Benchmark
  @Covers("likelihood.continuousBernoulliBytesBackward")
  public Tensor continuousBernoulliBytesBackward() {
    k.likelihood().continuousBernoulliBackward(logits, pixels, g, dOutput);
    return dOutput;
  }

  @Benchmark
  @Covers({"likelihood.continuousBernoulli", "likelihood.continuousBernoulliBackward"})
  public Tensor continuousBernoulliBoth() {
    continuousBernoulli();
    return continuousBernoulliBackward();
  }

  @Benchmark
  @Covers("likelihood.laplace")
  public Tensor laplace() {
    k.likelihood().laplace(output, x, shared, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("likelihood.laplaceBytes")
  public Tensor laplaceBytes() {
    k.likelihood().laplace(output, pixels, shared, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("likelihood.laplaceBackward")
  public Tensor laplaceBackward() {
    k.likelihood().laplaceBackward(output, x, shared, g, dOutput, dShared);
    return dOutput;
  }

  @Benchmark
  @Covers("likelihood.laplaceBytesBackward")
  public Tensor laplaceBytesBackward() {
    k.likelihood().laplaceBackward(output, pixels, shared, g, dOutput, dShared);
    return dOutput;
  }

  @Benchmark
  @Covers({"likelihood.laplace", "likelihood.laplaceBackward"})
  public Tensor laplaceBoth() {
    laplace();
    return laplaceBackward();
  }

  @Benchmark
  @Covers("levels.discretizedLogistic")
  public Tensor discretizedLogistic() {
    k.levels().discretizedLogistic(output, pixels, logScale, logLik);
    return logLik;
  }

  @Benchmark
  @Covers("levels.discretizedLogisticBackward")
  public Tensor discretizedLogisticBackward() {
    k.levels().discretizedLogisticBackward(output, pixels, logScale, g, dOutput, dLogScale);
    return dOutput;
  }

  @Benchmark
  @Covers({"levels.discretizedLogistic", "levels.discretizedLogisticBackward"})
  public Tensor discretizedLogisticBoth() {
    discretizedLogistic();
    return discretizedLogisticBackward();
  }
}
