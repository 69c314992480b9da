package io.github.elbo4j.bench.kernel.likelihood;

import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link CategoricalBenchmark} in libtorch: its own cross entropy. */
public class CategoricalTorch extends TorchBenchmark<CategoricalBenchmark> {
  /** As there. */
  @Param({"128x64x256", "4096x16x16", "4096x20x5"})
  public String shape = "";

  private static final int NO_REDUCTION = 0;
  private static final int NO_LEVEL = -100;

  private final TensorOptional none = new TensorOptional();
  private long rows;
  private Tensor logits;
  private Tensor levels;
  private Tensor g;

  @Override
  protected void prepare(CategoricalBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    rows = dims[0];
    int groups = dims[0] * dims[1];
    logits = leaf(ours.logits, groups, dims[2]);
    io.github.elbo4j.tensor.Tensor numbers = io.github.elbo4j.tensor.Tensor.zeros(groups);
    for (int i = 0; i < groups; i++) {
      numbers.array()[i] = ours.x.array()[ours.x.offset() + i] & 255;
    }
    levels = tensor(numbers).to(torch.ScalarType.Long);
    g = tensor(ours.g);
  }

  private Tensor logLik() {
    Tensor each = torch.cross_entropy_loss(logits, levels, none, NO_REDUCTION, NO_LEVEL, 0);
    return each.view(rows, -1).sum(1).neg();
  }

  @Benchmark
  public Object categorical() {
    return forward(() -> outputs(logLik()));
  }

  @Benchmark
  public Object categoricalBoth() {
    return both(
        () -> {
          Tensor logLik = logLik();
          backward(tensors(logLik), tensors(g));
          return outputs(logLik, logits.grad());
        });
  }
}
