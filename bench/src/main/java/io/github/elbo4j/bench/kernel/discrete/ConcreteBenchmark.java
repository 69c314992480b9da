package io.github.elbo4j.bench.kernel.discrete;

import io.github.elbo4j.bench.kernel.AtLeast;
import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Gumbel-max, Concrete and binary Concrete latents. */
public class ConcreteBenchmark extends KernelBenchmark {
  /** Rows x variables x categories; the binary ones have rows x variables. */
  @Param({"128x20x10", "4096x20x10"})
  public String shape = "";

  static final NoiseKey NOISE = new NoiseKey(1, 2);
  static final float TAU = 0.5f;

  private int c;
  Tensor logAlpha;
  Tensor sample;
  Tensor index;
  Tensor g;
  Tensor h;
  Tensor perRow;
  Tensor logOdds;
  Tensor logit;
  Tensor dY;
  private Tensor logY;
  private Tensor z;
  private Tensor oneHot;
  private Tensor drawn;
  private Tensor logQ;
  private Tensor dLogAlpha;
  private Tensor dSample;
  private Tensor logits;
  private Tensor y;
  private Tensor dLogOdds;
  private Tensor dLogit;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int r = dims[0];
    int n = dims[1];
    c = dims[2];
    logAlpha = numbers.normal(r, n * c);
    g = numbers.normal(r, n * c);
    h = numbers.normal(r, n * c);
    perRow = numbers.normal(r);
    logOdds = numbers.normal(r, n);
    logit = numbers.normal(r, n);
    dY = numbers.normal(r, n);
    sample = numbers.normal(r, n * c);
    index = Tensor.zeros(r, n);
    for (int i = 0; i < index.size(); i++) {
      index.array()[i] = i * 7 % c;
    }
    logY = numbers.normal(r, n * c);
    z = numbers.normal(r, n * c);
    oneHot = Tensor.zeros(r, n * c);
    drawn = Tensor.zeros(r, n);
    logQ = Tensor.zeros(r);
    dLogAlpha = Tensor.zeros(r, n * c);
    dSample = Tensor.zeros(r, n * c);
    logits = numbers.normal(r, n);
    y = Tensor.zeros(r, n);
    dLogOdds = Tensor.zeros(r, n);
    dLogit = Tensor.zeros(r, n);
  }

  @Override
  protected Work work(String benchmark) {
    Work all = Work.of(logAlpha.size());
    Work binary = Work.of(logOdds.size());
    return switch (benchmark) {
      case "gumbelMax" -> all.reads(logAlpha).writes(oneHot, drawn);
      case "sample" -> all.reads(logAlpha).writes(logY, logQ);
      case "sampleBackward" -> all.reads(logAlpha, logY, g, perRow).updates(dLogAlpha);
      case "sampleBoth" -> work("sample").and(work("sampleBackward"));
      case "logDensity" -> all.reads(logAlpha, sample).writes(logQ);
      case "logDensityBackward" -> all.reads(logAlpha, sample, perRow).updates(dLogAlpha, dSample);
      case "logDensityBoth" -> work("logDensity").and(work("logDensityBackward"));
      case "conditional" -> all.reads(logAlpha, index).writes(z, logY);
      case "conditionalBackward" -> all.reads(logAlpha, z, logY, g, h).updates(dLogAlpha);
      case "conditionalBoth" -> work("conditional").and(work("conditionalBackward"));
      case "binarySample" -> binary.reads(logOdds).writes(logits, y, logQ);
      case "binarySampleBackward" -> binary.reads(logOdds, logits, dY, perRow).updates(dLogOdds);
      case "binarySampleBoth" -> work("binarySample").and(work("binarySampleBackward"));
      case "binaryLogDensity" -> binary.reads(logOdds, logit).writes(logQ);
      case "binaryLogDensityBackward" ->
          binary.reads(logOdds, logit, perRow).updates(dLogOdds, dLogit);
      case "binaryLogDensityBoth" -> work("binaryLogDensity").and(work("binaryLogDensityBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("concrete.gumbelMax")
  public Tensor gumbelMax() {
    k.concrete().gumbelMax(logAlpha, c, NOISE, oneHot, drawn);
    return oneHot;
  }

  @Benchmark
  @Covers("concrete.sample")
  public Tensor sample() {
    k.concrete().sample(logAlpha, c, TAU, NOISE, logY, null, null, logQ);
    return logY;
  }

  @Benchmark
  @Covers("concrete.sampleBackward")
  public Tensor sampleBackward() {
    k.concrete().sampleBackward(logAlpha, c, TAU, logY, g, null, perRow, false, dLogAlpha, null);
    return dLogAlpha;
  }

  @Benchmark
  @Covers({"concrete.sample", "concrete.sampleBackward"})
  @AtLeast(shape = "4096x20x10", value = 5)
  public Tensor sampleBoth() {
    sample();
    return sampleBackward();
  }

  @Benchmark
  @Covers("concrete.logDensity")
  public Tensor logDensity() {
    k.concrete().logDensity(logAlpha, c, TAU, sample, false, logQ);
    return logQ;
  }

  @Benchmark
  @Covers("concrete.logDensityBackward")
  public Tensor logDensityBackward() {
    k.concrete()
        .logDensityBackward(logAlpha, c, TAU, sample, false, perRow, dLogAlpha, dSample, null);
    return dSample;
  }

  @Benchmark
  @Covers({"concrete.logDensity", "concrete.logDensityBackward"})
  public Tensor logDensityBoth() {
    logDensity();
    return logDensityBackward();
  }

  @Benchmark
  @Covers("concrete.conditional")
  public Tensor conditional() {
    k.concrete().conditional(logAlpha, c, TAU, index, NOISE, z, logY);
    return z;
  }

  @Benchmark
  @Covers("concrete.conditionalBackward")
  public Tensor conditionalBackward() {
    k.concrete().conditionalBackward(logAlpha, c, TAU, z, logY, g, h, dLogAlpha, null);
    return dLogAlpha;
  }

  @Benchmark
  @Covers({"concrete.conditional", "concrete.conditionalBackward"})
  public Tensor conditionalBoth() {
    conditional();
    return conditionalBackward();
  }

  @Benchmark
  @Covers("concrete.binarySample")
  public Tensor binarySample() {
    k.concrete().binarySample(logOdds, TAU, NOISE, logits, y, null, logQ);
    return y;
  }

  @Benchmark
  @Covers("concrete.binarySampleBackward")
  public Tensor binarySampleBackward() {
    k.concrete()
        .binarySampleBackward(logOdds, TAU, logits, null, dY, perRow, false, dLogOdds, null);
    return dLogOdds;
  }

  @Benchmark
  @Covers({"concrete.binarySample", "concrete.binarySampleBackward"})
  public Tensor binarySampleBoth() {
    binarySample();
    return binarySampleBackward();
  }

  @Benchmark
  @Covers("concrete.binaryLogDensity")
  public Tensor binaryLogDensity() {
    k.concrete().binaryLogDensity(logOdds, TAU, logit, false, logQ);
    return logQ;
  }

  @Benchmark
  @Covers("concrete.binaryLogDensityBackward")
  public Tensor binaryLogDensityBackward() {
    k.concrete()
        .binaryLogDensityBackward(logOdds, TAU, logit, false, perRow, dLogOdds, dLogit, null);
    return dLogit;
  }

  @Benchmark
  @Covers({"concrete.binaryLogDensity", "concrete.binaryLogDensityBackward"})
  public Tensor binaryLogDensityBoth() {
    binaryLogDensity();
    return binaryLogDensityBackward();
  }
}
