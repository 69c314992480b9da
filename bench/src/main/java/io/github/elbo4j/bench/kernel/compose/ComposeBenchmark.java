package io.github.elbo4j.bench.kernel.compose;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** What combines elements and rows. */
public class ComposeBenchmark extends KernelBenchmark {
  /** Data points x samples x latent dimensions. */
  @Param({"128x1x64", "4096x1x64", "20x50x50"})
  public String shape = "";

  /** Columns to the left of those that are added to. */
  static final int LEFT = 16;

  static final float WEIGHT = 0.01f;

  Tensor x;
  Tensor b;
  Tensor dX;
  Tensor factor;
  Tensor y;
  Tensor points;
  Tensor dPoints;
  Tensor wide;
  Tensor dWide;
  Tensor sums;
  Tensor dSums;
  Tensor logVar1;
  Tensor logVar2;
  Tensor mu;
  Tensor logVar;
  Tensor dB;
  Tensor dLogVar1;
  Tensor dLogVar2;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int rows = dims[0] * dims[1];
    int d = dims[2];
    x = numbers.normal(rows, d);
    b = numbers.normal(rows, d);
    factor = numbers.normal(1);
    points = numbers.normal(dims[0], d);
    dWide = numbers.normal(rows, LEFT + d);
    dSums = numbers.normal(rows);
    logVar1 = numbers.normal(rows, d);
    logVar2 = numbers.normal(rows, d);
    y = Tensor.zeros(rows, d);
    dX = Tensor.zeros(rows, d);
    dB = Tensor.zeros(rows, d);
    dPoints = Tensor.zeros(dims[0], d);
    wide = Tensor.zeros(rows, LEFT + d);
    sums = Tensor.zeros(rows);
    mu = Tensor.zeros(rows, d);
    logVar = Tensor.zeros(rows, d);
    dLogVar1 = Tensor.zeros(rows, d);
    dLogVar2 = Tensor.zeros(rows, d);
  }

  @Override
  protected Work work(String benchmark) {
    Work w = Work.of(x.size());
    return switch (benchmark) {
      case "addScaled" -> w.reads(x, factor).updates(y);
      case "addProduct" -> w.reads(x, b).updates(y);
      case "addColumns" -> w.reads(points).updates(wide);
      case "addColumnsBackward" -> w.reads(dWide).updates(dPoints);
      case "addColumnsBoth" -> work("addColumns").and(work("addColumnsBackward"));
      case "addRowSums" -> w.reads(x).updates(sums);
      case "addRowSumsBackward" -> w.reads(dSums).updates(dX);
      case "addRowSumsBoth" -> work("addRowSums").and(work("addRowSumsBackward"));
      case "mergeGaussians" -> w.reads(x, logVar1, b, logVar2).writes(mu, logVar);
      case "mergeGaussiansBackward" ->
          // the gradients that arrive are just numbers
          w.reads(x, logVar1, b, logVar2).updates(dX, dLogVar1, dB, dLogVar2);
      case "mergeGaussiansBoth" -> work("mergeGaussians").and(work("mergeGaussiansBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("compose.addScaled")
  public Tensor addScaled() {
    k.compose().addScaled(x, WEIGHT, factor, y);
    return y;
  }

  @Benchmark
  @Covers("compose.addProduct")
  public Tensor addProduct() {
    k.compose().addProduct(x, b, y);
    return y;
  }

  @Benchmark
  @Covers("compose.addColumns")
  public Tensor addColumns() {
    k.compose().addColumns(points, 0, wide, LEFT, points.columns());
    return wide;
  }

  @Benchmark
  @Covers("compose.addColumnsBackward")
  public Tensor addColumnsBackward() {
    k.compose().addColumnsBackward(dWide, LEFT, dPoints, 0, points.columns());
    return dPoints;
  }

  @Benchmark
  @Covers({"compose.addColumns", "compose.addColumnsBackward"})
  public Tensor addColumnsBoth() {
    addColumns();
    return addColumnsBackward();
  }

  @Benchmark
  @Covers("compose.addRowSums")
  public Tensor addRowSums() {
    k.compose().addRowSums(x, sums);
    return sums;
  }

  @Benchmark
  @Covers("compose.addRowSumsBackward")
  public Tensor addRowSumsBackward() {
    k.compose().addRowSumsBackward(dSums, dX);
    return dX;
  }

  @Benchmark
  @Covers({"compose.addRowSums", "compose.addRowSumsBackward"})
  public Tensor addRowSumsBoth() {
    addRowSums();
    return addRowSumsBackward();
  }

  @Benchmark
  @Covers("compose.mergeGaussians")
  public Tensor mergeGaussians() {
    k.compose().mergeGaussians(x, logVar1, b, logVar2, mu, logVar);
    return logVar;
  }

  /** With the second mean and variance as the gradients that arrive. */
  @Benchmark
  @Covers("compose.mergeGaussiansBackward")
  public Tensor mergeGaussiansBackward() {
    k.compose()
        .mergeGaussiansBackward(x, logVar1, b, logVar2, b, logVar2, dX, dLogVar1, dB, dLogVar2);
    return dX;
  }

  @Benchmark
  @Covers({"compose.mergeGaussians", "compose.mergeGaussiansBackward"})
  public Tensor mergeGaussiansBoth() {
    mergeGaussians();
    return mergeGaussiansBackward();
  }
}
