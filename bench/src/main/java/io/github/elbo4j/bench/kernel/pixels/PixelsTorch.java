package io.github.elbo4j.bench.kernel.pixels;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link PixelsBenchmark} in libtorch. */
public class PixelsTorch extends TorchBenchmark<PixelsBenchmark> {
  /** As there. */
  @Param({"128x784", "20x1000", "2048x784"})
  public String shape = "";

  private final Scalar most = new Scalar(255);
  private Tensor x;

  @Override
  protected void prepare(PixelsBenchmark ours) {
    x = Tensor.create(ours.x.array(), false, ours.x.rows(), ours.x.columns());
  }

  private Tensor scaled() {
    return x.to(ScalarType.Float).div_(most);
  }

  @Benchmark
  public Object scale() {
    return forward(() -> outputs(scaled()));
  }

  @Benchmark
  public Object binarize() {
    return forward(
        () -> {
          scaled().bernoulli();
          return outputs((@Nullable Tensor) null);
        });
  }
}
