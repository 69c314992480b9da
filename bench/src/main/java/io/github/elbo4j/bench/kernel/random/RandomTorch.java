package io.github.elbo4j.bench.kernel.random;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link RandomBenchmark} in libtorch; other numbers, so nothing can be compared. */
public class RandomTorch extends TorchBenchmark<RandomBenchmark> {
  /** As there. */
  @Param({"2560", "262144", "4000000"})
  public String shape = "";

  private Tensor out;

  @Override
  protected void prepare(RandomBenchmark ours) {
    out = tensor(ours.out);
  }

  @Benchmark
  public Object uniform() {
    return forward(
        () -> {
          out.uniform_();
          return outputs((@Nullable Tensor) null);
        });
  }

  @Benchmark
  public Object normal() {
    return forward(
        () -> {
          out.normal_();
          return outputs((@Nullable Tensor) null);
        });
  }
}
