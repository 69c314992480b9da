package io.github.elbo4j.bench.kernel.divergence;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link CorrelationBenchmark} in libtorch: the matrix of pairs [B,B,D], then logsumexp. */
public class CorrelationTorch extends TorchBenchmark<CorrelationBenchmark> {
  /** As there. */
  @Param({"128x10", "512x10"})
  public String shape = "";

  private static final long LAST = -1;

  private final Scalar minusHalf = new Scalar(-0.5);
  private final Scalar log2Pi = new Scalar(Math.log(2 * Math.PI));
  private final Scalar two = new Scalar(2);
  private Scalar logWeight = two;

  private Tensor z;
  private Tensor mu;
  private Tensor logVar;
  private Tensor dLogQ;
  private Tensor dLogQPerDim;

  @Override
  protected void prepare(CorrelationBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    logWeight = new Scalar(Math.log((double) CorrelationBenchmark.EXAMPLES * dims[0]));
    z = leaf(ours.z, dims[0], 1, dims[1]);
    mu = leaf(ours.mu, 1, dims[0], dims[1]);
    logVar = leaf(ours.logVar, 1, dims[0], dims[1]);
    dLogQ = tensor(ours.dLogQ);
    dLogQPerDim = tensor(ours.dLogQPerDim);
  }

  private Tensor pairs() {
    Tensor square = z.sub(mu).pow(two).mul(torch.exp(logVar.neg()));
    return square.add(logVar).add(log2Pi).mul(minusHalf);
  }

  private Tensor joint(Tensor pairs) {
    return torch.logsumexp(pairs.sum(LAST), 1).sub(logWeight);
  }

  private Tensor perDim(Tensor pairs) {
    return torch.logsumexp(pairs, 1).sub(logWeight);
  }

  @Benchmark
  public Object logDensities() {
    return forward(
        () -> {
          Tensor pairs = pairs();
          return outputs(joint(pairs), perDim(pairs));
        });
  }

  @Benchmark
  public Object logDensitiesBoth() {
    return both(
        () -> {
          Tensor pairs = pairs();
          Tensor joint = joint(pairs);
          Tensor perDim = perDim(pairs);
          backward(tensors(joint, perDim), tensors(dLogQ, dLogQPerDim));
          return outputs(joint, perDim, z.grad(), mu.grad(), logVar.grad());
        });
  }
}
