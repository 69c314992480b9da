package io.github.elbo4j.bench.kernel.likelihood;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link DensityBenchmark} in libtorch. */
public class DensityTorch extends TorchBenchmark<DensityBenchmark> {
  /** As there. */
  @Param({"128x784", "4096x784"})
  public String shape = "";

  private static final int NO_REDUCTION = 0;

  private final Scalar half = new Scalar(0.5);
  private final Scalar small = new Scalar(0.05);
  private final Scalar twelfth = new Scalar(1 / 12.0);
  private final Scalar quartic = new Scalar(-7 / 1440.0);
  private final Scalar log2 = new Scalar(Math.log(2));
  private final Scalar halfBin = new Scalar(1 / 510.0);
  private final Scalar lowest = new Scalar(1 / 510.0);
  private final Scalar highest = new Scalar(1 - 1 / 510.0);
  private final Scalar fewest = new Scalar(1e-5);
  private final Scalar least = new Scalar(1e-12);
  private final Scalar two = new Scalar(2);
  private final Scalar logBins = new Scalar(Math.log(255));
  private final TensorOptional none = new TensorOptional();
  private Tensor logits;
  private Tensor output;
  private Tensor x;
  private Tensor pixels;
  private Tensor shared;
  private Tensor logScale;
  private Tensor g;

  @Override
  protected void prepare(DensityBenchmark ours) {
    logits = leaf(ours.logits);
    output = leaf(ours.output);
    x = tensor(ours.x);
    io.github.elbo4j.tensor.Tensor scaled =
        io.github.elbo4j.tensor.Tensor.zeros(ours.x.rows(), ours.x.columns());
    for (int i = 0; i < scaled.size(); i++) {
      scaled.array()[i] = (ours.pixels.array()[ours.pixels.offset() + i] & 255) / 255f;
    }
    pixels = tensor(scaled);
    shared = leaf(ours.shared);
    logScale = leaf(ours.logScale);
    g = tensor(ours.g);
  }

  /** With a series next to 0, which torch.distributions has too, on probabilities. */
  private Tensor continuous() {
    Tensor bernoulli = torch.binary_cross_entropy_with_logits(logits, x, none, none, NO_REDUCTION);
    Tensor square = logits.square();
    Tensor series = square.mul(quartic).add(twelfth).mul(square).add(log2);
    Tensor normaliser = torch.log(logits.div(torch.tanh(logits.mul(half))));
    return torch.where(logits.abs().lt(small), series, normaliser).sub(bernoulli).sum(1);
  }

  private Tensor laplaceDensity() {
    Tensor terms = x.sub(output).abs().mul(shared.neg().exp()).add(shared).add(log2);
    return terms.sum(1).neg();
  }

  /** The released code of Salimans et al. (2017), one component, data in [0,1]. */
  private Tensor logistic() {
    Tensor centred = pixels.sub(output);
    Tensor inverse = logScale.neg().exp();
    Tensor plus = inverse.mul(centred.add(halfBin));
    Tensor minus = inverse.mul(centred.sub(halfBin));
    Tensor delta = torch.sigmoid(plus).sub(torch.sigmoid(minus));
    Tensor lowestLog = plus.sub(torch.softplus(plus));
    Tensor highestLog = torch.softplus(minus).neg();
    Tensor middle = inverse.mul(centred);
    Tensor density = middle.sub(logScale).sub(torch.softplus(middle).mul(two)).sub(logBins);
    Tensor inside =
        torch.where(delta.gt(fewest), torch.log(torch.clamp_min(delta, least)), density);
    Tensor upper = torch.where(pixels.gt(highest), highestLog, inside);
    return torch.where(pixels.lt(lowest), lowestLog, upper).sum(1);
  }

  @Benchmark
  public Object continuousBernoulli() {
    return forward(() -> outputs(continuous()));
  }

  @Benchmark
  public Object continuousBernoulliBoth() {
    return both(
        () -> {
          Tensor logLik = continuous();
          backward(tensors(logLik), tensors(g));
          return outputs(logLik, logits.grad());
        });
  }

  @Benchmark
  public Object laplace() {
    return forward(() -> outputs(laplaceDensity()));
  }

  @Benchmark
  public Object laplaceBoth() {
    return both(
        () -> {
          Tensor logLik = laplaceDensity();
          backward(tensors(logLik), tensors(g));
          return outputs(logLik, output.grad(), shared.grad());
        });
  }

  @Benchmark
  public Object discretizedLogistic() {
    return forward(() -> outputs(logistic()));
  }

  /** The gradients are not compared: those of a difference of float32 sigmoids are coarser. */
  @Benchmark
  public Object discretizedLogisticBoth() {
    return both(
        () -> {
          Tensor logLik = logistic();
          backward(tensors(logLik), tensors(g));
          return outputs(logLik, null, null);
        });
  }
}
