package io.github.elbo4j.bench.kernel.covariance;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link CholeskyBenchmark} in libtorch, which knows one layout: the same call beside both. */
public class CholeskyTorch extends TorchBenchmark<CholeskyBenchmark> {
  /** As there. */
  @Param({"1024x32x8", "1024x64x8", "256x128x8", "128x32x1", "4096x32x1"})
  public String shape = "";

  private static final long LANES = 16;
  private static final long LAST = -1;

  private final Scalar two = new Scalar(2);
  private Tensor a;
  private Tensor l;
  private Tensor dL;
  private Tensor y;
  private Tensor dX;
  private Tensor g;

  @Override
  protected void prepare(CholeskyBenchmark ours) {
    a = leaf(ours.a);
    l = leaf(ours.l);
    dL = tensor(ours.dL);
    y = leaf(ours.y);
    dX = tensor(ours.dX);
    g = tensor(ours.g);
  }

  /** What our output in lanes is compared with; nothing while time is taken. */
  private Tensor lanes(Tensor t) {
    if (!isVerifying()) {
      return t;
    }
    return t.detach().contiguous().view(-1, LANES, t.size(1) * t.size(2)).permute(0, 2, 1);
  }

  @Benchmark
  public Object factor() {
    return forward(() -> outputs(torch.linalg_cholesky(a)));
  }

  @Benchmark
  public Object factorLanes() {
    return forward(() -> outputs(lanes(torch.linalg_cholesky(a))));
  }

  @Benchmark
  public Object factorBoth() {
    return both(
        () -> {
          Tensor factors = torch.linalg_cholesky(a);
          backward(tensors(factors), tensors(dL));
          return outputs(factors, a.grad());
        });
  }

  @Benchmark
  public Object factorLanesBoth() {
    return both(
        () -> {
          Tensor factors = torch.linalg_cholesky(a);
          backward(tensors(factors), tensors(dL));
          return outputs(lanes(factors), lanes(a.grad()));
        });
  }

  private Tensor lower() {
    return torch.linalg_solve_triangular(l, y, false);
  }

  private Tensor full() {
    return torch.cholesky_solve(y, l);
  }

  @Benchmark
  public Object solve() {
    return forward(() -> outputs(lower()));
  }

  @Benchmark
  public Object solveLanes() {
    return forward(() -> outputs(lanes(lower())));
  }

  @Benchmark
  public Object solveFull() {
    return forward(() -> outputs(full()));
  }

  @Benchmark
  public Object solveBoth() {
    return both(
        () -> {
          Tensor x = lower();
          backward(tensors(x), tensors(dX));
          return outputs(x, l.grad(), y.grad());
        });
  }

  @Benchmark
  public Object solveLanesBoth() {
    return both(
        () -> {
          Tensor x = lower();
          backward(tensors(x), tensors(dX));
          return outputs(lanes(x), lanes(l.grad()), lanes(y.grad()));
        });
  }

  @Benchmark
  public Object solveFullBoth() {
    return both(
        () -> {
          Tensor x = full();
          backward(tensors(x), tensors(dX));
          return outputs(x, lowerTriangle(l.grad()), y.grad());
        });
  }

  /** libtorch's gradient of this one is not triangular; ours is its lower triangle. */
  private Tensor lowerTriangle(Tensor t) {
    return isVerifying() ? torch.tril(t) : t;
  }

  private Tensor logDeterminant() {
    return torch.diagonal(l, 0, 1, 2).log().sum(LAST).mul(two);
  }

  @Benchmark
  public Object logDet() {
    return forward(() -> outputs(logDeterminant()));
  }

  @Benchmark
  public Object logDetBoth() {
    return both(
        () -> {
          Tensor out = logDeterminant();
          backward(tensors(out), tensors(g));
          return outputs(out, l.grad());
        });
  }
}
