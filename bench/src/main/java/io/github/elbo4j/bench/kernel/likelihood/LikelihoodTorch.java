package io.github.elbo4j.bench.kernel.likelihood;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link LikelihoodBenchmark} in libtorch. */
public class LikelihoodTorch extends TorchBenchmark<LikelihoodBenchmark> {
  /** As there. */
  @Param({"128x1x784", "4096x1x784", "20x50x784"})
  public String shape = "";

  private static final long LAST = -1;

  /** at::Reduction::None. */
  private static final long NONE = 0;

  private final TensorOptional unweighted = new TensorOptional();
  private final Scalar two = new Scalar(2);
  private final Scalar minusHalf = new Scalar(-0.5);
  private final Scalar log2Pi = new Scalar(Math.log(2 * Math.PI));

  private Tensor output;
  private Tensor x;
  private Tensor logVar;
  private Tensor ownLogVar;
  private Tensor g;

  @Override
  protected void prepare(LikelihoodBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    long[] rows = {dims[0], dims[1], dims[2]};
    output = leaf(ours.output, rows);
    x = tensor(ours.x, dims[0], 1, dims[2]).expand(rows);
    logVar = leaf(ours.logVar);
    ownLogVar = leaf(ours.ownLogVar, rows);
    g = tensor(ours.g, dims[0], dims[1]);
  }

  private Tensor logLik() {
    return torch
        .binary_cross_entropy_with_logits(output, x, unweighted, unweighted, NONE)
        .sum(LAST)
        .neg();
  }

  private Tensor logLik(Tensor logVariance) {
    Tensor distance = x.sub(output).pow(two).div(logVariance.exp());
    return distance.add(logVariance).add(log2Pi).sum(LAST).mul(minusHalf);
  }

  private Object gaussianBoth(Tensor logVariance) {
    return both(
        () -> {
          Tensor logLik = logLik(logVariance);
          backward(tensors(logLik), tensors(g));
          return outputs(logLik, output.grad(), logVariance.grad());
        });
  }

  @Benchmark
  public Object bernoulli() {
    return forward(() -> outputs(logLik()));
  }

  @Benchmark
  public Object bernoulliBoth() {
    return both(
        () -> {
          Tensor logLik = logLik();
          backward(tensors(logLik), tensors(g));
          return outputs(logLik, output.grad());
        });
  }

  /** Autograd has no single pass. */
  @Benchmark
  public Object bernoulliWithGradient() {
    return bernoulliBoth();
  }

  @Benchmark
  public Object gaussian() {
    return forward(() -> outputs(logLik(logVar)));
  }

  @Benchmark
  public Object gaussianBoth() {
    return gaussianBoth(logVar);
  }

  @Benchmark
  public Object gaussianOwn() {
    return forward(() -> outputs(logLik(ownLogVar)));
  }

  @Benchmark
  public Object gaussianOwnBoth() {
    return gaussianBoth(ownLogVar);
  }

  @Benchmark
  public Object gaussianOwnWithGradient() {
    return gaussianBoth(ownLogVar);
  }
}
