package io.github.elbo4j.bench.kernel.discrete;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link ScoreBenchmark} in libtorch. */
public class ScoreTorch extends TorchBenchmark<ScoreBenchmark> {
  /** As there. */
  @Param({"128x1x64", "4096x1x64", "128x50x64"})
  public String shape = "";

  private static final long LAST = -1;

  private final Scalar minusHalf = new Scalar(-0.5);
  private final Scalar log2Pi = new Scalar(Math.log(2 * Math.PI));
  private final Scalar two = new Scalar(2);
  private final Scalar others = new Scalar(49);
  private final Scalar logSamples = new Scalar(Math.log(50));
  private final TensorOptional none = new TensorOptional();

  private Tensor z;
  private Tensor bits;
  private Tensor mu;
  private Tensor logVar;
  private Tensor dLogQ;
  private Tensor f;
  private Tensor h;

  @Override
  protected void prepare(ScoreBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    long[] points = {dims[0], 1, dims[2]};
    long[] samples = {dims[0], dims[1], dims[2]};
    z = leaf(ours.z, samples);
    bits = tensor(ours.bits, samples);
    mu = leaf(ours.mu, points);
    logVar = leaf(ours.logVar, points);
    dLogQ = tensor(ours.dLogQ, dims[0], dims[1]);
    f = tensor(ours.f);
    h = tensor(ours.h);
  }

  private Tensor gaussian() {
    Tensor square = z.sub(mu).pow(two).div(logVar.exp());
    return square.add(logVar).add(log2Pi).sum(LAST).mul(minusHalf);
  }

  private Tensor bernoulli() {
    Tensor loss = torch.binary_cross_entropy_with_logits(mu.expand_as(bits), bits, none, none, 0L);
    return loss.sum(LAST).neg();
  }

  @Benchmark
  public Object gaussianLogProb() {
    return forward(() -> outputs(gaussian()));
  }

  @Benchmark
  public Object gaussianLogProbBoth() {
    return both(
        () -> {
          Tensor logQ = gaussian();
          backward(tensors(logQ), tensors(dLogQ));
          return outputs(logQ, z.grad(), mu.grad(), logVar.grad());
        });
  }

  @Benchmark
  public Object bernoulliLogProb() {
    return forward(() -> outputs(bernoulli()));
  }

  @Benchmark
  public Object bernoulliLogProbBoth() {
    return both(
        () -> {
          Tensor logQ = bernoulli();
          backward(tensors(logQ), tensors(dLogQ));
          return outputs(logQ, mu.grad());
        });
  }

  private static Tensor rowSums(Tensor x) {
    return x.sum(new long[] {LAST}, true, new org.bytedeco.pytorch.ScalarTypeOptional());
  }

  @Benchmark
  public Object leaveOneOut() {
    return forward(() -> outputs(rowSums(f).sub(f).div(others)));
  }

  /** The samples of a row with each in turn replaced by the mean of the others: [B,K,K]. */
  @Benchmark
  public Object vimco() {
    return forward(
        () -> {
          Tensor bound = torch.logsumexp(f, LAST).sub(logSamples);
          Tensor mean = rowSums(f).sub(f).div(others);
          Tensor eye = torch.eye(50);
          Tensor replaced =
              f.unsqueeze(1).mul(torch.ones_like(eye).sub(eye)).add(torch.diag_embed(mean));
          Tensor other = torch.logsumexp(replaced, LAST).sub(logSamples);
          return outputs(bound, bound.unsqueeze(LAST).sub(other));
        });
  }

  @Benchmark
  public Object controlVariate() {
    return forward(
        () -> {
          Tensor df = f.sub(rowSums(f).div(new Scalar(50)));
          Tensor dh = h.sub(rowSums(h).div(new Scalar(50)));
          Tensor a = rowSums(df.mul(dh)).div(rowSums(dh.mul(dh)));
          return outputs(a, f.sub(a.mul(h)));
        });
  }
}
