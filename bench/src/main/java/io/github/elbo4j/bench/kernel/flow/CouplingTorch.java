package io.github.elbo4j.bench.kernel.flow;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * {@link CouplingBenchmark} in libtorch. The mask multiplies s and t, so that exp(0) = 1 takes the
 * place of the usual sum of two masked halves: the cheaper way to write it.
 */
public class CouplingTorch extends TorchBenchmark<CouplingBenchmark> {
  /** As there. */
  @Param({"128x64", "4096x64"})
  public String shape = "";

  private static final long LAST = -1;

  private final Scalar one = new Scalar(1);
  private Tensor z;
  private Tensor t;
  private Tensor s;
  private Tensor scale;
  private Tensor mask;
  private Tensor dOut;
  private Tensor dLogDet;

  @Override
  protected void prepare(CouplingBenchmark ours) {
    z = leaf(ours.z);
    t = leaf(ours.t);
    s = leaf(ours.s);
    scale = leaf(ours.scale);
    mask = tensor(ours.mask);
    dOut = tensor(ours.dOut);
    dLogDet = tensor(ours.dLogDet);
  }

  private Tensor shifted() {
    return z.add(t.mul(mask));
  }

  private Tensor bounded() {
    return torch.tanh(s).mul(scale).mul(mask);
  }

  private Tensor scaled(Tensor b) {
    return z.mul(torch.exp(b)).add(t.mul(mask));
  }

  private Tensor between() {
    Tensor g = torch.sigmoid(s);
    return g.mul(z).add(g.neg().add(one).mul(t));
  }

  private Tensor logGates() {
    return torch.log_sigmoid(s).sum(LAST);
  }

  @Benchmark
  public Object additive() {
    return forward(() -> outputs(shifted()));
  }

  @Benchmark
  public Object additiveBoth() {
    return both(
        () -> {
          Tensor out = shifted();
          backward(tensors(out), tensors(dOut));
          return outputs(out, z.grad(), t.grad());
        });
  }

  @Benchmark
  public Object affine() {
    return forward(
        () -> {
          Tensor b = bounded();
          return outputs(scaled(b), b.sum(LAST));
        });
  }

  @Benchmark
  public Object affineInverse() {
    return forward(
        () -> {
          Tensor b = bounded();
          Tensor moved = z.sub(t.mul(mask)).mul(torch.exp(b.neg()));
          return outputs(moved, b.sum(LAST).neg());
        });
  }

  @Benchmark
  public Object affineBoth() {
    return both(
        () -> {
          Tensor b = bounded();
          Tensor out = scaled(b);
          Tensor logDet = b.sum(LAST);
          backward(tensors(out, logDet), tensors(dOut, dLogDet));
          return outputs(out, logDet, z.grad(), t.grad(), s.grad(), scale.grad());
        });
  }

  @Benchmark
  public Object gated() {
    return forward(() -> outputs(between(), logGates()));
  }

  @Benchmark
  public Object gatedInverse() {
    return forward(() -> outputs(z.sub(t).div(torch.sigmoid(s)).add(t), logGates().neg()));
  }

  @Benchmark
  public Object gatedBoth() {
    return both(
        () -> {
          Tensor out = between();
          Tensor logDet = logGates();
          backward(tensors(out, logDet), tensors(dOut, dLogDet));
          return outputs(out, logDet, z.grad(), t.grad(), s.grad());
        });
  }
}
