package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** The reparameterised diagonal Gaussian and its divergences. */
public class GaussianBenchmark extends KernelBenchmark {
  /** Data points x samples x latent dimensions: a VAE, an IWAE, a large ragged one. */
  @Param({"128x1x20", "20x50x50", "4096x1x100"})
  public String shape = "";

  private final NoiseKey noise = new NoiseKey(1, 2);
  private Tensor mu = Tensor.EMPTY;
  private Tensor logVar = Tensor.EMPTY;
  private Tensor priorMu = Tensor.EMPTY;
  private Tensor priorLogVar = Tensor.EMPTY;
  private Tensor eps = Tensor.EMPTY;
  private Tensor z = Tensor.EMPTY;
  private Tensor kl = Tensor.EMPTY;
  private Tensor dz = Tensor.EMPTY;
  private Tensor dKl = Tensor.EMPTY;
  private Tensor bounded = Tensor.EMPTY;
  private Tensor dMu = Tensor.EMPTY;
  private Tensor dLogVar = Tensor.EMPTY;
  private Tensor dPriorMu = Tensor.EMPTY;
  private Tensor dPriorLogVar = Tensor.EMPTY;

  @Override
  void prepare(Numbers numbers) {
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
  Work work(String benchmark) {
    Work samples = Work.of(z.size());
    Work points = Work.of(mu.size());
    return switch (benchmark) {
      case "reparameterize" -> samples.reads(mu, logVar, eps).writes(z, kl);
      case "reparameterizeDrawn" -> samples.reads(mu, logVar).writes(z, kl);
      case "reparameterizeBackward" -> samples.reads(mu, logVar, z, dz, dKl).updates(dMu, dLogVar);
      case "reparameterizeBoth" -> work("reparameterizeDrawn").and(work("reparameterizeBackward"));
      case "klToPrior" -> points.reads(mu, logVar, priorMu, priorLogVar).writes(kl);
      case "klToPriorBackward" ->
          points
              .reads(mu, logVar, priorMu, priorLogVar, dKl)
              .updates(dMu, dLogVar, dPriorMu, dPriorLogVar);
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
  @Covers({"gaussian.reparameterizeDrawn", "gaussian.reparameterizeBackward"})
  public Tensor reparameterizeBoth() {
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
