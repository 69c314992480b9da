package io.github.elbo4j.bench.kernel.divergence;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link ProcessBenchmark} in libtorch: distances of scaled points by products. */
public class ProcessTorch extends TorchBenchmark<ProcessBenchmark> {
  /** As there. */
  @Param({"128x64x10", "4096x64x10"})
  public String shape = "";

  private static final long LAST = -1;

  private final Scalar half = new Scalar(0.5);
  private final Scalar two = new Scalar(2);
  private final Scalar zero = new Scalar(0);
  private Tensor x;
  private Tensor y;
  private Tensor logWeight;
  private Tensor logVariance;
  private Tensor dK;
  private Tensor v;
  private Tensor dVariance;
  private Tensor square;
  private Tensor tall;
  private Tensor dCovariance;

  @Override
  protected void prepare(ProcessBenchmark ours) {
    x = leaf(ours.x);
    y = leaf(ours.y);
    logWeight = leaf(ours.logWeight);
    logVariance = leaf(ours.logVariance);
    dK = tensor(ours.dK);
    v = leaf(ours.v);
    dVariance = tensor(ours.dVariance);
    square = leaf(ours.square);
    tall = leaf(ours.dK);
    dCovariance = tensor(ours.dCovariance);
  }

  private Tensor matrix() {
    Tensor root = torch.exp(logWeight.mul(half));
    Tensor a = x.mul(root);
    Tensor b = y.mul(root);
    Tensor norms = a.pow(two).sum(LAST).unsqueeze(1).add(b.pow(two).sum(LAST).unsqueeze(0));
    Tensor squares = norms.sub(torch.matmul(a, b.t()).mul(two));
    return torch.exp(logVariance.sub(squares.mul(half)));
  }

  private Tensor variance() {
    return torch.clamp_min(logVariance.exp().sub(v.pow(two).sum(0L)), zero);
  }

  @Benchmark
  public Object ard() {
    return forward(() -> outputs(matrix()));
  }

  @Benchmark
  public Object ardBoth() {
    return both(
        () -> {
          Tensor matrix = matrix();
          backward(tensors(matrix), tensors(dK));
          return outputs(matrix, x.grad(), y.grad(), logWeight.grad(), logVariance.grad());
        });
  }

  @Benchmark
  public Object conditionalVariance() {
    return forward(() -> outputs(variance()));
  }

  @Benchmark
  public Object conditionalVarianceBoth() {
    return both(
        () -> {
          Tensor variance = variance();
          backward(tensors(variance), tensors(dVariance));
          return outputs(variance, v.grad(), logVariance.grad());
        });
  }

  private Tensor covariance() {
    return square.sub(torch.matmul(tall.t(), tall));
  }

  @Benchmark
  public Object conditionalCovariance() {
    return forward(() -> outputs(covariance()));
  }

  @Benchmark
  public Object conditionalCovarianceBoth() {
    return both(
        () -> {
          Tensor covariance = covariance();
          backward(tensors(covariance), tensors(dCovariance));
          return outputs(covariance, square.grad(), tall.grad());
        });
  }
}
