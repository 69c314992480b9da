package io.github.elbo4j.bench.kernel.optim;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * {@link OptimBenchmark} in libtorch, all parameters in one tensor, which is the best case for it.
 * Ours also sets the gradient to zero; here it stays.
 */
public class OptimTorch extends TorchBenchmark<OptimBenchmark> {
  /** As there. */
  @Param({"50000", "652824"})
  public String shape = "";

  private final Scalar change = new Scalar(1 - 0.999);
  private Tensor parameters;
  private Tensor gradients;
  private Tensor average;
  private Adam adam;

  @Override
  protected void prepare(OptimBenchmark ours) {
    parameters = tensor(ours.parameters).set_requires_grad(true);
    gradients = tensor(ours.gradients);
    average = tensor(ours.average);
    parameters.mutable_grad().put(gradients);
    adam = new Adam(new TensorVector(parameters), new AdamOptions(1e-3));
  }

  @Benchmark
  public Object adam() {
    return forward(
        () -> {
          adam.step();
          return outputs(parameters, null, null, null);
        });
  }

  @Benchmark
  public Object squaredNorm() {
    return forward(() -> outputs(torch.dot(gradients, gradients)));
  }

  @Benchmark
  public Object polyak() {
    return forward(() -> outputs(average.lerp_(parameters, change)));
  }
}
