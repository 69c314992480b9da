package io.github.elbo4j.bench.kernel.importance;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link ImportanceBenchmark} in libtorch. */
public class ImportanceTorch extends TorchBenchmark<ImportanceBenchmark> {
  /** As there. */
  @Param({"128x50", "4096x50", "4096x5", "20x5000"})
  public String shape = "";

  private Scalar logSamples = new Scalar(0);
  private Tensor logW;
  private Tensor g;

  @Override
  protected void prepare(ImportanceBenchmark ours) {
    logSamples = new Scalar(Math.log(Numbers.dims(shape)[1]));
    logW = leaf(ours.logW);
    g = tensor(ours.g);
  }

  @Benchmark
  public Object bound() {
    return forward(
        () -> {
          Tensor bound = logW.logsumexp(1).sub(logSamples);
          Tensor weights = logW.softmax(1);
          Tensor ess = weights.square().sum(1).reciprocal();
          return outputs(bound, weights, ess);
        });
  }

  @Benchmark
  public Object boundBoth() {
    return both(
        () -> {
          Tensor bound = logW.logsumexp(1).sub(logSamples);
          Tensor weights = logW.detach().softmax(1);
          Tensor ess = weights.square().sum(1).reciprocal();
          backward(tensors(bound), tensors(g));
          return outputs(bound, weights, ess, logW.grad());
        });
  }
}
