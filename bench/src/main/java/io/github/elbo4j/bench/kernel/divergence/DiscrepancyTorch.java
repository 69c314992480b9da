package io.github.elbo4j.bench.kernel.divergence;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * {@link DiscrepancyBenchmark} in libtorch: squared distances by cdist, kernels of the matrices.
 */
public class DiscrepancyTorch extends TorchBenchmark<DiscrepancyBenchmark> {
  /** As there. */
  @Param({"128x10", "1024x10"})
  public String shape = "";

  @Param({"RBF", "INVERSE_MULTIQUADRATIC"})
  public String kernel = "";

  private final Scalar two = new Scalar(2);
  private double n;
  private Tensor x;
  private Tensor y;
  private Tensor dMmd;

  @Override
  protected void prepare(DiscrepancyBenchmark ours) {
    n = Numbers.dims(shape)[0];
    x = leaf(ours.x);
    y = leaf(ours.y);
    dMmd = tensor(ours.dMmd, new long[] {1});
  }

  /** ‖a‖² + ‖b‖² − 2ab, as the published implementations have it. */
  private Tensor squares(Tensor a, Tensor b) {
    Tensor norms = a.pow(two).sum(-1L).unsqueeze(1).add(b.pow(two).sum(-1L).unsqueeze(0));
    return norms.sub(torch.matmul(a, b.t()).mul(two));
  }

  private Tensor kernels(Tensor squares) {
    Tensor sum = one(squares, DiscrepancyBenchmark.SCALES[0]);
    for (int s = 1; s < DiscrepancyBenchmark.SCALES.length; s++) {
      sum = sum.add(one(squares, DiscrepancyBenchmark.SCALES[s]));
    }
    return sum;
  }

  private Tensor one(Tensor squares, double c) {
    return kernel.equals("RBF")
        ? torch.exp(squares.mul(new Scalar(-0.5 / c)))
        : squares.add(new Scalar(c)).reciprocal().mul(new Scalar(c));
  }

  private Tensor discrepancy() {
    Scalar diagonal = new Scalar(n * DiscrepancyBenchmark.SCALES.length);
    Scalar others = new Scalar(n * (n - 1));
    Tensor xx = kernels(squares(x, x)).sum().sub(diagonal).div(others);
    Tensor yy = kernels(squares(y, y)).sum().sub(diagonal).div(others);
    Tensor xy = kernels(squares(x, y)).mean().mul(two);
    return xx.add(yy).sub(xy).reshape(1);
  }

  @Benchmark
  public Object mmd() {
    return forward(() -> outputs(discrepancy()));
  }

  @Benchmark
  public Object mmdBoth() {
    return both(
        () -> {
          Tensor mmd = discrepancy();
          backward(tensors(mmd), tensors(dMmd));
          return outputs(mmd, x.grad(), y.grad());
        });
  }
}
