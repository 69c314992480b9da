package io.github.elbo4j.bench.kernel.gaussian;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link GaussianBenchmark} in libtorch. */
public class GaussianTorch extends TorchBenchmark<GaussianBenchmark> {
  /** As there. */
  @Param({"128x1x64", "4096x1x64", "262144x1x64", "20x50x50"})
  public String shape = "";

  private static final long LAST = -1;

  private final Scalar half = new Scalar(0.5);
  private final Scalar minusHalf = new Scalar(-0.5);
  private final Scalar one = new Scalar(1);
  private final Scalar two = new Scalar(2);
  private final ScalarOptional low = new ScalarOptional(new Scalar(-1));
  private final ScalarOptional high = new ScalarOptional(new Scalar(1));

  private Tensor mu;
  private Tensor logVar;
  private Tensor priorMu;
  private Tensor priorLogVar;
  private Tensor eps;
  private Tensor dz;
  private Tensor dKl;

  @Override
  protected void prepare(GaussianBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    long[] points = {dims[0], 1, dims[2]};
    long[] samples = {dims[0], dims[1], dims[2]};
    mu = leaf(ours.mu, points);
    logVar = leaf(ours.logVar, points);
    priorMu = leaf(ours.priorMu);
    priorLogVar = leaf(ours.priorLogVar);
    eps = tensor(ours.eps, samples);
    dz = tensor(ours.dz, samples);
    dKl = tensor(ours.dKl, dims[0], 1);
  }

  private Tensor sample(Tensor noise) {
    Tensor sigma = torch.exp(logVar.mul(half));
    return mu.add(noise.mul(sigma));
  }

  private Tensor kl() {
    return logVar.add(one).sub(mu.pow(two)).sub(logVar.exp()).sum(LAST).mul(minusHalf);
  }

  private Tensor toPrior() {
    Tensor apart = mu.sub(priorMu).pow(two).add(logVar.exp()).div(priorLogVar.exp());
    return priorLogVar.sub(logVar).add(apart).sub(one).sum(LAST).mul(half);
  }

  private Tensor noise() {
    return torch.randn_like(eps);
  }

  @Benchmark
  public Object reparameterize() {
    return forward(() -> outputs(sample(eps), kl()));
  }

  @Benchmark
  public Object reparameterizeDrawn() {
    return forward(
        () -> {
          sample(noise());
          return outputs(null, kl());
        });
  }

  @Benchmark
  public Object reparameterizeBoth() {
    return both(
        () -> {
          Tensor z = sample(eps);
          Tensor kl = kl();
          backward(tensors(z, kl), tensors(dz, dKl));
          return outputs(z, kl, mu.grad(), logVar.grad());
        });
  }

  @Benchmark
  public Object reparameterizeDrawnBoth() {
    return both(
        () -> {
          Tensor z = sample(noise());
          Tensor kl = kl();
          backward(tensors(z, kl), tensors(dz, dKl));
          return outputs(null, kl, mu.grad(), null);
        });
  }

  @Benchmark
  public Object klToPrior() {
    return forward(() -> outputs(toPrior()));
  }

  @Benchmark
  public Object klToPriorBoth() {
    return both(
        () -> {
          Tensor kl = toPrior();
          backward(tensors(kl), tensors(dKl));
          return outputs(kl, mu.grad(), logVar.grad(), priorMu.grad(), priorLogVar.grad());
        });
  }

  @Benchmark
  public Object clampLogVar() {
    return forward(() -> outputs(logVar.clamp(low, high)));
  }
}
