package io.github.elbo4j.bench.kernel.compose;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link ComposeBenchmark} in libtorch. */
public class ComposeTorch extends TorchBenchmark<ComposeBenchmark> {
  /** As there. */
  @Param({"128x1x64", "4096x1x64", "20x50x50"})
  public String shape = "";

  private static final long LAST = -1;

  private final Scalar weight = new Scalar(ComposeBenchmark.WEIGHT);
  private long points;
  private long samples;
  private long d;
  private Tensor x;
  private Tensor b;
  private Tensor factor;
  private Tensor y;
  private Tensor from;
  private Tensor left;
  private Tensor wide;
  private Tensor dWide;
  private Tensor sums;
  private Tensor dSums;
  private Tensor logVar1;
  private Tensor logVar2;
  private Tensor dMu;
  private Tensor dLogVar;

  @Override
  protected void prepare(ComposeBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    points = dims[0];
    samples = dims[1];
    d = dims[2];
    x = leaf(ours.x);
    b = leaf(ours.b);
    factor = tensor(ours.factor);
    y = tensor(ours.y);
    from = leaf(ours.points, points, 1, d);
    left = torch.zeros(points, samples, ComposeBenchmark.LEFT);
    wide = tensor(ours.wide, points, samples, ComposeBenchmark.LEFT + d);
    dWide = tensor(ours.dWide, points, samples, ComposeBenchmark.LEFT + d);
    sums = tensor(ours.sums);
    dSums = tensor(ours.dSums);
    logVar1 = leaf(ours.logVar1);
    logVar2 = leaf(ours.logVar2);
    dMu = tensor(ours.b);
    dLogVar = tensor(ours.logVar2);
  }

  @Benchmark
  public Object addScaled() {
    return forward(() -> outputs(y.addcmul_(x, factor, weight)));
  }

  @Benchmark
  public Object addProduct() {
    return forward(() -> outputs(y.addcmul_(x, b)));
  }

  @Benchmark
  public Object addColumns() {
    return forward(
        () -> {
          wide.narrow(LAST, ComposeBenchmark.LEFT, d).add_(from);
          return outputs(wide);
        });
  }

  /** Side by side, as a model has it: autograd does not pass what is written in place here. */
  @Benchmark
  public Object addColumnsBoth() {
    return both(
        () -> {
          Tensor all = torch.cat(new TensorVector(left, from.expand(points, samples, d)), LAST);
          backward(tensors(all), tensors(dWide));
          return outputs(all, from.grad());
        });
  }

  @Benchmark
  public Object addRowSums() {
    return forward(() -> outputs(sums.add_(x.sum(LAST))));
  }

  @Benchmark
  public Object addRowSumsBoth() {
    return both(
        () -> {
          Tensor sum = x.sum(LAST);
          backward(tensors(sum), tensors(dSums));
          return outputs(sum, x.grad());
        });
  }

  /** As the published implementations of ladder VAEs have it. */
  private Tensor[] merged() {
    Tensor precision1 = logVar1.neg().exp();
    Tensor precision2 = logVar2.neg().exp();
    Tensor variance = precision1.add(precision2).reciprocal();
    Tensor mu = x.mul(precision1).add(b.mul(precision2)).mul(variance);
    return tensors(mu, variance.log());
  }

  @Benchmark
  public Object mergeGaussians() {
    return forward(this::merged);
  }

  @Benchmark
  public Object mergeGaussiansBoth() {
    return both(
        () -> {
          Tensor[] merged = merged();
          backward(merged, tensors(dMu, dLogVar));
          return outputs(merged[0], merged[1], x.grad(), logVar1.grad(), b.grad(), logVar2.grad());
        });
  }
}
