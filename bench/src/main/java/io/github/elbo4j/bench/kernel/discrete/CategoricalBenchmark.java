package io.github.elbo4j.bench.kernel.discrete;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Categorical distributions and sums over their categories. */
public class CategoricalBenchmark extends KernelBenchmark {
  /** Rows x variables x categories. */
  @Param({"128x20x10", "4096x20x10"})
  public String shape = "";

  private int c;
  Tensor logits;
  Tensor prior;
  Tensor weights;
  Tensor index;
  Tensor perRow;
  Tensor perVariable;
  private Tensor responsibilities;
  private Tensor out;
  private Tensor each;
  private Tensor dLogits;
  private Tensor dOther;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int r = dims[0];
    int n = dims[1];
    c = dims[2];
    logits = numbers.normal(r, n * c);
    prior = numbers.normal(r, n * c);
    weights = numbers.uniform(r, n * c);
    perRow = numbers.normal(r);
    perVariable = numbers.normal(r, n);
    index = Tensor.zeros(r, n);
    for (int i = 0; i < index.size(); i++) {
      index.array()[i] = i * 7 % c;
    }
    responsibilities = numbers.uniform(r, n * c);
    out = Tensor.zeros(r);
    each = Tensor.zeros(r, n);
    dLogits = Tensor.zeros(r, n * c);
    dOther = Tensor.zeros(r, n * c);
  }

  @Override
  protected Work work(String benchmark) {
    Work all = Work.of(logits.size());
    return switch (benchmark) {
      case "logProb" -> all.reads(logits, index).writes(out);
      case "logProbBackward" -> all.reads(logits, index, perRow).updates(dLogits);
      case "logProbBoth" -> work("logProb").and(work("logProbBackward"));
      case "logProbOfWeights" -> all.reads(logits, weights).writes(out);
      case "logProbOfWeightsBackward" ->
          all.reads(logits, weights, perRow).updates(dLogits, dOther);
      case "logProbOfWeightsBoth" -> work("logProbOfWeights").and(work("logProbOfWeightsBackward"));
      case "entropy" -> all.reads(logits).writes(out);
      case "entropyBackward" -> all.reads(logits, perRow).updates(dLogits);
      case "entropyBoth" -> work("entropy").and(work("entropyBackward"));
      case "kl" -> all.reads(logits, prior).writes(out);
      case "klBackward" -> all.reads(logits, prior, perRow).updates(dLogits, dOther);
      case "klBoth" -> work("kl").and(work("klBackward"));
      case "marginalize" -> all.reads(logits, prior).writes(each, responsibilities);
      case "marginalizeBackward" ->
          all.reads(responsibilities, perVariable).updates(dLogits, dOther);
      case "marginalizeBoth" -> work("marginalize").and(work("marginalizeBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("categorical.logProb")
  public Tensor logProb() {
    k.categorical().logProb(logits, c, index, out);
    return out;
  }

  @Benchmark
  @Covers("categorical.logProbBackward")
  public Tensor logProbBackward() {
    k.categorical().logProbBackward(logits, c, index, perRow, dLogits);
    return dLogits;
  }

  @Benchmark
  @Covers({"categorical.logProb", "categorical.logProbBackward"})
  public Tensor logProbBoth() {
    logProb();
    return logProbBackward();
  }

  @Benchmark
  @Covers("categorical.logProb")
  public Tensor logProbOfWeights() {
    k.categorical().logProbOfWeights(logits, c, weights, out);
    return out;
  }

  @Benchmark
  @Covers("categorical.logProbBackward")
  public Tensor logProbOfWeightsBackward() {
    k.categorical().logProbOfWeightsBackward(logits, c, weights, perRow, dLogits, dOther);
    return dLogits;
  }

  @Benchmark
  @Covers({"categorical.logProb", "categorical.logProbBackward"})
  public Tensor logProbOfWeightsBoth() {
    logProbOfWeights();
    return logProbOfWeightsBackward();
  }

  @Benchmark
  @Covers("categorical.entropy")
  public Tensor entropy() {
    k.categorical().entropy(logits, c, out);
    return out;
  }

  @Benchmark
  @Covers("categorical.entropyBackward")
  public Tensor entropyBackward() {
    k.categorical().entropyBackward(logits, c, perRow, dLogits);
    return dLogits;
  }

  @Benchmark
  @Covers({"categorical.entropy", "categorical.entropyBackward"})
  public Tensor entropyBoth() {
    entropy();
    return entropyBackward();
  }

  @Benchmark
  @Covers("categorical.kl")
  public Tensor kl() {
    k.categorical().kl(logits, c, prior, out);
    return out;
  }

  @Benchmark
  @Covers("categorical.klBackward")
  public Tensor klBackward() {
    k.categorical().klBackward(logits, c, prior, perRow, dLogits, dOther);
    return dLogits;
  }

  @Benchmark
  @Covers({"categorical.kl", "categorical.klBackward"})
  public Tensor klBoth() {
    kl();
    return klBackward();
  }

  @Benchmark
  @Covers("categorical.marginalize")
  public Tensor marginalize() {
    k.categorical().marginalize(prior, c, logits, each, responsibilities);
    return each;
  }

  @Benchmark
  @Covers("categorical.marginalizeBackward")
  public Tensor marginalizeBackward() {
    k.categorical().marginalizeBackward(responsibilities, c, perVariable, dOther, dLogits);
    return dLogits;
  }

  @Benchmark
  @Covers({"categorical.marginalize", "categorical.marginalizeBackward"})
  public Tensor marginalizeBoth() {
    marginalize();
    return marginalizeBackward();
  }
}
