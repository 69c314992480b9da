package io.github.elbo4j.bench.kernel.discrete;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Score-function pieces. */
public class ScoreBenchmark extends KernelBenchmark {
  /** Data points x samples x dimensions. */
  @Param({"128x1x64", "4096x1x64", "128x50x64"})
  public String shape = "";

  Tensor z;
  Tensor bits;
  Tensor mu;
  Tensor logVar;
  Tensor dLogQ;
  Tensor f;
  Tensor h;
  private Tensor logQ;
  private Tensor dZ;
  private Tensor dMu;
  private Tensor dLogVar;
  private Tensor perPoint;
  private Tensor perSample;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int rows = dims[0] * dims[1];
    z = numbers.normal(rows, dims[2]);
    bits = numbers.uniform(rows, dims[2]);
    for (int i = 0; i < bits.size(); i++) {
      bits.array()[i] = Math.round(bits.get(i));
    }
    mu = numbers.normal(dims[0], dims[2]);
    logVar = numbers.normal(dims[0], dims[2]);
    dLogQ = numbers.normal(rows);
    f = numbers.normal(dims[0], 50);
    h = numbers.normal(dims[0], 50);
    logQ = Tensor.zeros(rows);
    dZ = Tensor.zeros(rows, dims[2]);
    dMu = Tensor.zeros(dims[0], dims[2]);
    dLogVar = Tensor.zeros(dims[0], dims[2]);
    perPoint = Tensor.zeros(dims[0]);
    perSample = Tensor.zeros(dims[0], 50);
  }

  @Override
  protected Work work(String benchmark) {
    Work points = Work.of(z.size());
    Work samples = Work.of(f.size());
    return switch (benchmark) {
      case "gaussianLogProb" -> points.reads(z, mu, logVar).writes(logQ);
      case "gaussianLogProbBackward" ->
          points.reads(z, mu, logVar, dLogQ).updates(dZ, dMu, dLogVar);
      case "gaussianLogProbBoth" -> work("gaussianLogProb").and(work("gaussianLogProbBackward"));
      case "bernoulliLogProb" -> points.reads(bits, mu).writes(logQ);
      case "bernoulliLogProbBackward" -> points.reads(bits, mu, dLogQ).updates(dMu);
      case "bernoulliLogProbBoth" -> work("bernoulliLogProb").and(work("bernoulliLogProbBackward"));
      case "leaveOneOut" -> samples.reads(f).writes(perSample);
      case "vimco" -> samples.reads(f).writes(perPoint, perSample);
      case "controlVariate" -> samples.reads(f, h).writes(perPoint, perSample);
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("score.gaussianLogProb")
  public Tensor gaussianLogProb() {
    k.score().gaussianLogProb(z, mu, logVar, logQ);
    return logQ;
  }

  @Benchmark
  @Covers("score.gaussianLogProbBackward")
  public Tensor gaussianLogProbBackward() {
    k.score().gaussianLogProbBackward(z, mu, logVar, dLogQ, dZ, dMu, dLogVar);
    return dMu;
  }

  @Benchmark
  @Covers({"score.gaussianLogProb", "score.gaussianLogProbBackward"})
  public Tensor gaussianLogProbBoth() {
    gaussianLogProb();
    return gaussianLogProbBackward();
  }

  @Benchmark
  @Covers("score.bernoulliLogProb")
  public Tensor bernoulliLogProb() {
    k.score().bernoulliLogProb(bits, mu, logQ);
    return logQ;
  }

  @Benchmark
  @Covers("score.bernoulliLogProbBackward")
  public Tensor bernoulliLogProbBackward() {
    k.score().bernoulliLogProbBackward(bits, mu, dLogQ, dMu);
    return dMu;
  }

  @Benchmark
  @Covers({"score.bernoulliLogProb", "score.bernoulliLogProbBackward"})
  public Tensor bernoulliLogProbBoth() {
    bernoulliLogProb();
    return bernoulliLogProbBackward();
  }

  @Benchmark
  @Covers("score.leaveOneOut")
  public Tensor leaveOneOut() {
    k.score().leaveOneOut(f, perSample);
    return perSample;
  }

  @Benchmark
  @Covers("score.vimco")
  public Tensor vimco() {
    k.score().vimco(f, perPoint, perSample);
    return perSample;
  }

  @Benchmark
  @Covers("score.controlVariate")
  public Tensor controlVariate() {
    k.score().controlVariate(f, h, perPoint, perSample);
    return perSample;
  }
}
