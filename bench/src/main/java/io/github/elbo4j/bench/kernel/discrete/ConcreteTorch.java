package io.github.elbo4j.bench.kernel.discrete;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import io.github.elbo4j.kernel.Backends;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * {@link ConcreteBenchmark} in libtorch. Measured with noise of its own, compared with the noise of
 * ours. The constants of the densities are computed beforehand.
 */
public class ConcreteTorch extends TorchBenchmark<ConcreteBenchmark> {
  /** As there. */
  @Param({"128x20x10", "4096x20x10"})
  public String shape = "";

  private static final long LAST = -1;

  private final Scalar tau = new Scalar(ConcreteBenchmark.TAU);
  private final Scalar two = new Scalar(2);
  private final LongOptional last = new LongOptional(LAST);
  private Scalar categories;
  private Scalar constant;
  private Scalar binaryConstant;
  private Tensor logAlpha;
  private Tensor sample;
  private Tensor index;
  private Tensor g;
  private Tensor h;
  private Tensor perRow;
  private Tensor logOdds;
  private Tensor logit;
  private Tensor dY;
  private Tensor uniforms;
  private Tensor binaryUniforms;

  @Override
  protected void prepare(ConcreteBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    long[] all = {dims[0], dims[1], dims[2]};
    int c = dims[2];
    categories = new Scalar(c);
    double logGamma = 0;
    for (int i = 2; i < c; i++) {
      logGamma += Math.log(i);
    }
    double logTau = Math.log(ConcreteBenchmark.TAU);
    constant = new Scalar(dims[1] * (logGamma + (c - 1) * logTau));
    binaryConstant = new Scalar(dims[1] * logTau);
    logAlpha = leaf(ours.logAlpha, all);
    sample = leaf(ours.sample, all);
    index = tensor(ours.index).to(torch.ScalarType.Long).unsqueeze(LAST);
    g = tensor(ours.g, all);
    h = tensor(ours.h, all);
    perRow = tensor(ours.perRow);
    logOdds = leaf(ours.logOdds);
    logit = leaf(ours.logit);
    dY = tensor(ours.dY);
    uniforms = uniforms(ours.logAlpha, all);
    binaryUniforms = uniforms(ours.logOdds, dims[0], dims[1]);
  }

  private static Tensor uniforms(io.github.elbo4j.tensor.Tensor like, long... dims) {
    var u = io.github.elbo4j.tensor.Tensor.zeros(like.rows(), like.columns());
    Backends.reference().random().uniform(ConcreteBenchmark.NOISE, 0, u);
    return tensor(u, dims);
  }

  private Tensor uniform() {
    return isVerifying() ? uniforms : torch.rand_like(uniforms);
  }

  private Tensor gumbel() {
    return uniform().log().neg().log().neg();
  }

  private Tensor sampled() {
    return torch.log_softmax(logAlpha.add(gumbel()).div(tau), LAST);
  }

  private Tensor density(Tensor logY) {
    Tensor d = logAlpha.sub(logY.mul(tau));
    Tensor each = d.sum(LAST).sub(torch.logsumexp(d, LAST).mul(categories));
    return each.sum(LAST).add(constant);
  }

  /** Tucker et al. 2017: the others are truncated at the chosen one. */
  private Tensor conditioned() {
    Tensor e = uniform().log().neg();
    Tensor chosen = e.gather(LAST, index);
    Tensor p = torch.softmax(logAlpha, LAST);
    Tensor sum = torch.logsumexp(logAlpha, new long[] {LAST}, true);
    Tensor others = sum.sub(e.div(p).add(chosen).log());
    return others.scatter(LAST, index, sum.sub(chosen.log()));
  }

  private Tensor binarySampled() {
    Tensor u = isVerifying() ? binaryUniforms : torch.rand_like(binaryUniforms);
    return logOdds.add(torch.logit(u)).div(tau);
  }

  private Tensor binaryDensity(Tensor sampled) {
    Tensor d = logOdds.sub(sampled.mul(tau));
    return d.sub(torch.softplus(d).mul(two)).sum(LAST).add(binaryConstant);
  }

  @Benchmark
  public Object gumbelMax() {
    return forward(
        () -> {
          Tensor d = logAlpha.add(gumbel()).argmax(last, false);
          Tensor hot = torch.one_hot(d, logAlpha.size(LAST)).to(torch.ScalarType.Float);
          return outputs(hot, isVerifying() ? d.to(torch.ScalarType.Float) : d);
        });
  }

  @Benchmark
  public Object sample() {
    return forward(
        () -> {
          Tensor logY = sampled();
          return outputs(logY, density(logY));
        });
  }

  @Benchmark
  public Object sampleBoth() {
    return both(
        () -> {
          Tensor logY = sampled();
          Tensor logQ = density(logY);
          backward(tensors(logY, logQ), tensors(g, perRow));
          return outputs(logY, logQ, logAlpha.grad());
        });
  }

  @Benchmark
  public Object logDensity() {
    return forward(() -> outputs(density(sample)));
  }

  @Benchmark
  public Object logDensityBoth() {
    return both(
        () -> {
          Tensor logQ = density(sample);
          backward(tensors(logQ), tensors(perRow));
          return outputs(logQ, logAlpha.grad(), sample.grad());
        });
  }

  @Benchmark
  public Object conditional() {
    return forward(
        () -> {
          Tensor z = conditioned();
          return outputs(z, torch.log_softmax(z.div(tau), LAST));
        });
  }

  @Benchmark
  public Object conditionalBoth() {
    return both(
        () -> {
          Tensor z = conditioned();
          Tensor logY = torch.log_softmax(z.div(tau), LAST);
          backward(tensors(z, logY), tensors(g, h));
          return outputs(z, logY, logAlpha.grad());
        });
  }

  @Benchmark
  public Object binarySample() {
    return forward(
        () -> {
          Tensor sampled = binarySampled();
          return outputs(sampled, torch.sigmoid(sampled), binaryDensity(sampled));
        });
  }

  @Benchmark
  public Object binarySampleBoth() {
    return both(
        () -> {
          Tensor sampled = binarySampled();
          Tensor y = torch.sigmoid(sampled);
          Tensor logQ = binaryDensity(sampled);
          backward(tensors(y, logQ), tensors(dY, perRow));
          return outputs(sampled, y, logQ, logOdds.grad());
        });
  }

  @Benchmark
  public Object binaryLogDensity() {
    return forward(() -> outputs(binaryDensity(logit)));
  }

  @Benchmark
  public Object binaryLogDensityBoth() {
    return both(
        () -> {
          Tensor logQ = binaryDensity(logit);
          backward(tensors(logQ), tensors(perRow));
          return outputs(logQ, logOdds.grad(), logit.grad());
        });
  }
}
