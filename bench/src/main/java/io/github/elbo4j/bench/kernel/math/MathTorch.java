package io.github.elbo4j.bench.kernel.math;

import io.github.elbo4j.bench.kernel.TorchBenchmark;
import java.util.function.BinaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link MathBenchmark} in libtorch, into a result that is there already, as ours. */
public class MathTorch extends TorchBenchmark<MathBenchmark> {
  /** As there. */
  @Param("16384")
  public String shape = "";

  private Tensor any;
  private Tensor positive;
  private Tensor inside;
  private Tensor out;

  @Override
  protected void prepare(MathBenchmark ours) {
    any = tensor(ours.any);
    positive = tensor(ours.positive);
    inside = tensor(ours.inside);
    out = tensor(ours.out);
  }

  private Object apply(BinaryOperator<Tensor> function, Tensor argument) {
    return forward(() -> outputs(function.apply(out, argument)));
  }

  @Benchmark
  public Object exp() {
    return apply(torch::exp_out, any);
  }

  @Benchmark
  public Object log() {
    return apply(torch::log_out, positive);
  }

  @Benchmark
  public Object tanh() {
    return apply(torch::tanh_out, any);
  }

  @Benchmark
  public Object log1p() {
    return apply(torch::log1p_out, positive);
  }

  @Benchmark
  public Object expm1() {
    return apply(torch::expm1_out, any);
  }

  @Benchmark
  public Object sigmoid() {
    return apply(torch::sigmoid_out, any);
  }

  @Benchmark
  public Object softplus() {
    return apply(torch::softplus_out, any);
  }

  @Benchmark
  public Object sin() {
    return apply(torch::sin_out, any);
  }

  @Benchmark
  public Object cos() {
    return apply(torch::cos_out, any);
  }

  @Benchmark
  public Object erf() {
    return apply(torch::erf_out, any);
  }

  @Benchmark
  public Object erfinv() {
    return apply(torch::erfinv_out, inside);
  }

  @Benchmark
  public Object lgamma() {
    return apply(torch::lgamma_out, positive);
  }
}
