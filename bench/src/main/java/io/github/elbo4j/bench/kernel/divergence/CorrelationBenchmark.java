package io.github.elbo4j.bench.kernel.divergence;

import io.github.elbo4j.bench.kernel.AtLeast;
import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.divergence.CorrelationKernels.Weighting;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Minibatch total correlation. */
public class CorrelationBenchmark extends KernelBenchmark {
  static final long EXAMPLES = 60_000;

  /** Batch x latent dimensions. */
  @Param({"128x10", "512x10"})
  public String shape = "";

  Tensor z;
  Tensor mu;
  Tensor logVar;
  Tensor dLogQ;
  Tensor dLogQPerDim;
  private Tensor logQ;
  private Tensor logQPerDim;
  private Tensor dZ;
  private Tensor dMu;
  private Tensor dLogVar;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    z = numbers.normal(dims);
    mu = numbers.normal(dims);
    logVar = numbers.normal(dims);
    dLogQ = numbers.normal(dims[0]);
    dLogQPerDim = numbers.normal(dims);
    logQ = Tensor.zeros(dims[0]);
    logQPerDim = Tensor.zeros(dims);
    dZ = Tensor.zeros(dims);
    dMu = Tensor.zeros(dims);
    dLogVar = Tensor.zeros(dims);
    k.correlation().logDensities(z, mu, logVar, EXAMPLES, Weighting.WEIGHTED, logQ, logQPerDim);
  }

  @Override
  protected Work work(String benchmark) {
    Work pairs = Work.of((long) z.size() * mu.rows());
    return switch (benchmark) {
      case "logDensities" -> pairs.reads(z, mu, logVar).writes(logQ, logQPerDim);
      case "logDensitiesBackward" ->
          pairs
              .reads(z, mu, logVar, logQ, logQPerDim, dLogQ, dLogQPerDim)
              .updates(dZ, dMu, dLogVar);
      case "logDensitiesBoth" -> work("logDensities").and(work("logDensitiesBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("correlation.logDensities")
  public Tensor logDensities() {
    k.correlation().logDensities(z, mu, logVar, EXAMPLES, Weighting.WEIGHTED, logQ, logQPerDim);
    return logQ;
  }

  @Benchmark
  @Covers("correlation.logDensitiesBackward")
  public Tensor logDensitiesBackward() {
    k.correlation()
        .logDensitiesBackward(
            z,
            mu,
            logVar,
            EXAMPLES,
            Weighting.WEIGHTED,
            logQ,
            logQPerDim,
            dLogQ,
            dLogQPerDim,
            dZ,
            dMu,
            dLogVar);
    return dMu;
  }

  @Benchmark
  @Covers({"correlation.logDensities", "correlation.logDensitiesBackward"})
  @AtLeast(shape = "512x10", value = 5)
  public Tensor logDensitiesBoth() {
    logDensities();
    return logDensitiesBackward();
  }
}
