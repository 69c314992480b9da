package io.github.elbo4j.bench.kernel.flow;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.flow.SplineKernels;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Rational-quadratic splines, all dimensions transformed, without their network. */
public class SplineBenchmark extends KernelBenchmark {
  /** Rows x dimensions x bins. */
  @Param({"128x64x8", "4096x64x8"})
  public String shape = "";

  static final float BOUND = 3;

  Tensor z;
  Tensor params;
  Tensor mask;
  Tensor dOut;
  Tensor dLogDet;
  Tensor out;
  Tensor logDet;
  Tensor dZ;
  Tensor dParams;
  private int bins;

  /**
   * Of a million elements some lie so near a knot that float32 finds the other bin, where the
   * gradient of log f' is another: compared on a few rows.
   */
  @Override
  protected String verifiedShape(String shape) {
    return shape.replaceFirst("^\\d+", "16");
  }

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    bins = dims[2];
    z = numbers.normal(dims[0], dims[1]);
    params = numbers.normal(dims[0], SplineKernels.parameters(bins, dims[1]));
    for (int i = 0; i < params.size(); i++) {
      params.array()[i] *= 0.5f;
    }
    mask = Tensor.zeros(dims[1]);
    mask.fill(1);
    dOut = numbers.normal(dims[0], dims[1]);
    dLogDet = numbers.normal(dims[0]);
    out = Tensor.zeros(dims[0], dims[1]);
    logDet = Tensor.zeros(dims[0]);
    dZ = Tensor.zeros(dims[0], dims[1]);
    dParams = Tensor.zeros(dims[0], params.columns());
  }

  @Override
  protected Work work(String benchmark) {
    Work rows = Work.of(z.size());
    return switch (benchmark) {
      case "transform", "inverse" -> rows.reads(z, params).writes(out).updates(logDet);
      case "transformBackward", "inverseBackward" ->
          rows.reads(z, params, dOut, dLogDet).updates(dZ, dParams);
      case "transformBoth" -> work("transform").and(work("transformBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("spline.transform")
  public Tensor transform() {
    k.spline().transform(z, params, mask, bins, BOUND, out, logDet);
    return out;
  }

  @Benchmark
  @Covers("spline.transform")
  public Tensor inverse() {
    k.spline().inverse(z, params, mask, bins, BOUND, out, logDet);
    return out;
  }

  @Benchmark
  @Covers("spline.transformBackward")
  public Tensor transformBackward() {
    k.spline().transformBackward(z, params, mask, bins, BOUND, dOut, dLogDet, dZ, dParams);
    return dZ;
  }

  @Benchmark
  @Covers("spline.transformBackward")
  public Tensor inverseBackward() {
    k.spline().inverseBackward(z, params, mask, bins, BOUND, dOut, dLogDet, dZ, dParams);
    return dZ;
  }

  @Benchmark
  @Covers({"spline.transform", "spline.transformBackward"})
  public Tensor transformBoth() {
    transform();
    return transformBackward();
  }
}
