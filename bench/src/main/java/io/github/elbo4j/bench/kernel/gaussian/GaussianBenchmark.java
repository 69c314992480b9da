package io.github.elbo4j.bench.kernel.gaussian;

import io.github.elbo4j.bench.kernel.AtLeast;
import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** The reparameterised diagonal Gaussian and its divergences. */
public class GaussianBenchmark extends KernelBenchmark {
  /** Data points x samples x latent dimensions: from the L2 cache to DRAM, and an IWAE's. */
  @Param({"128x1x64", "4096x1x64", "262144x1x64", "20x50x50"})
  public String shape = "";

  private final NoiseKey noise = new NoiseKey(1, 2);
  Tensor mu;
  Tensor logVar;
  Tensor priorMu;
  Tensor priorLogVar;
  Tensor eps;
  Tensor z;
  Tensor kl;
  Tensor dz;
  Tensor dKl;
  Tensor bounded;
  Tensor dMu;
  Tensor dLogVar;
  Tensor dPriorMu;
  Tensor dPriorLogVar;

  /** The reference needs gigabytes for the large one. */
  @Override
  protected String verifiedShape(String shape) {
    return shape.replace("262144x", "4099x");
  }

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int points = dims[0];
    int rows = points * dims[1];
    int d = dims[2];
    mu = numbers.normal(points, d);
    logVar = numbers.normal(points, d);
    priorMu = numbers.normal(1, d);
    priorLogVar = numbers.normal(1, d);
    eps = numbers.normal(rows, d);
    z = numbers.normal(rows, d);
    kl = Tensor.zeros(points);
    dz = numbers.normal(rows, d);
    dKl = numbers.normal(points);
    bounded = Tensor.zeros(points, d);
    dMu = Tensor.zeros(points, d);
    dLogVar = Tensor.zeros(points, d);
    dPriorMu = Tensor.zeros(1, d);
    dPriorLogVar = Tensor.zeros(1, d);
  }

  @Override
  protected Work work(String benchmark) {
    Work samples = Work.of(z.size());
    Work points = Work.of(mu.size());
    return switch (benchmark) {
      case "reparameterize" -> samples.reads(mu, logVar, eps).writes(z, kl);
      case "reparameterizeDrawn" -> samples.reads(mu, logVar).writes(z, kl);
      case "reparameterizeBackward" -> samples.reads(mu, logVar, z, dz, dKl).updates(dMu, dLogVar);
      case "reparameterizeBoth" -> work("reparameterize").and(work("reparameterizeBackward"));
      case "reparameterizeDrawnBoth" ->
          work("reparameterizeDrawn").and(work("reparameterizeBackward"));
      case "klToPrior" -> points.reads(mu, logVar, priorMu, priorLogVar).writes(kl);
      case "klToPriorBackward" ->
          points
              .reads(mu, logVar, priorMu, priorLogVar, dKl)
              .updates(dMu, dLogVar, dPriorMu, dPriorLogVar);
      case "klToPriorBoth" -> work("klToPrior").and(work("klToPriorBackward"));
      case "clampLogVar" -> points.reads(logVar).writes(bounded);
      case "clampLogVarBackward" -> points.reads(logVar, mu).updates(dLogVar);
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("gaussian.reparameterize")
  public Tensor reparameterize() {
    k.gaussian().reparameterize(mu, logVar, eps, z, kl, null, null, null);
    return z;
  }

  @Benchmark
  @Covers("gaussian.reparameterizeDrawn")
  public Tensor reparameterizeDrawn() {
    k.gaussian().reparameterize(mu, logVar, noise, z, kl, null, null, null);
    return z;
  }

  @Benchmark
  @Covers("gaussian.reparameterizeBackward")
  public Tensor reparameterizeBackward() {
    k.gaussian()
        .reparameterizeBackward(mu, logVar, z, dz, dKl, null, null, null, false, dMu, dLogVar);
    return dMu;
  }

  @Benchmark
  @Covers({"gaussian.reparameterize", "gaussian.reparameterizeBackward"})
  @AtLeast(shape = "128x1x64", value = 10)
  @AtLeast(shape = "4096x1x64", value = 7)
  @AtLeast(shape = "262144x1x64", value = 8)
  public Tensor reparameterizeBoth() {
    reparameterize();
    return reparameterizeBackward();
  }

  @Benchmark
  @Covers({"gaussian.reparameterizeDrawn", "gaussian.reparameterizeBackward"})
  public Tensor reparameterizeDrawnBoth() {
    reparameterizeDrawn();
    return reparameterizeBackward();
  }

  @Benchmark
  @Covers("gaussian.klToPrior")
  public Tensor klToPrior() {
    k.gaussian().klToPrior(mu, logVar, priorMu, priorLogVar, kl, null);
    return kl;
  }

  @Benchmark
  @Covers("gaussian.klToPriorBackward")
  public Tensor klToPriorBackward() {
    k.gaussian()
        .klToPriorBackward(
            mu, logVar, priorMu, priorLogVar, dKl, null, dMu, dLogVar, dPriorMu, dPriorLogVar);
    return dMu;
  }

  @Benchmark
  @Covers({"gaussian.klToPrior", "gaussian.klToPriorBackward"})
  public Tensor klToPriorBoth() {
    klToPrior();
    return klToPriorBackward();
  }

  @Benchmark
  @Covers("gaussian.clampLogVar")
  public Tensor clampLogVar() {
    k.gaussian().clampLogVar(logVar, -1, 1, bounded);
    return bounded;
  }

  @Benchmark
  @Covers("gaussian.clampLogVarBackward")
  public Tensor clampLogVarBackward() {
    k.gaussian().clampLogVarBackward(logVar, -1, 1, mu, dLogVar);
    return dLogVar;
  }
}
