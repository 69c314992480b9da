package io.github.elbo4j.bench.kernel.compose;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** What is about the columns of a batch: their covariance, and their independent shuffles. */
public class ColumnsBenchmark extends KernelBenchmark {
  /** Data points x latent dimensions. */
  @Param({"128x10", "512x64", "512x512"})
  public String shape = "";

  static final float OFF = 10;
  static final float DIAGONAL = 5;

  Tensor mu;
  Tensor dMu;
  Tensor penalty;
  Tensor dPenalty;
  Tensor shuffled;
  private final NoiseKey noise = new NoiseKey(3, 5);

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    mu = numbers.normal(dims);
    dPenalty = numbers.normal(1);
    penalty = Tensor.zeros(1);
    dMu = Tensor.zeros(dims);
    shuffled = Tensor.zeros(dims);
  }

  @Override
  protected Work work(String benchmark) {
    Work w = Work.of(mu.size());
    long products = 2L * mu.size() * mu.columns();
    return switch (benchmark) {
      case "covariancePenalty" -> w.reads(mu).updates(penalty).flops(products);
      case "covariancePenaltyBackward" -> w.reads(mu, dPenalty).updates(dMu).flops(2 * products);
      case "covariancePenaltyBoth" ->
          work("covariancePenalty").and(work("covariancePenaltyBackward"));
      case "shuffleColumns" -> w.reads(mu).writes(shuffled);
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("compose.covariancePenalty")
  public Tensor covariancePenalty() {
    k.compose().covariancePenalty(mu, OFF, DIAGONAL, penalty);
    return penalty;
  }

  @Benchmark
  @Covers("compose.covariancePenaltyBackward")
  public Tensor covariancePenaltyBackward() {
    k.compose().covariancePenaltyBackward(mu, OFF, DIAGONAL, dPenalty, dMu);
    return dMu;
  }

  @Benchmark
  @Covers({"compose.covariancePenalty", "compose.covariancePenaltyBackward"})
  public Tensor covariancePenaltyBoth() {
    covariancePenalty();
    return covariancePenaltyBackward();
  }

  @Benchmark
  @Covers("compose.shuffleColumns")
  public Tensor shuffleColumns() {
    k.compose().shuffleColumns(mu, noise, shuffled);
    return shuffled;
  }
}
