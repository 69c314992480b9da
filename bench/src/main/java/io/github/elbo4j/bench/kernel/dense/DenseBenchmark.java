package io.github.elbo4j.bench.kernel.dense;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Dense layers, and the matrix product in its transpositions. */
public class DenseBenchmark extends KernelBenchmark {
  /** Rows x inputs x outputs: the layers of the classic VAE, and the last one of an IWAE. */
  @Param({"128x784x400", "128x400x20", "128x20x400", "128x400x784", "1000x200x784"})
  public String shape = "";

  /** An {@link Activation}. */
  @Param("RELU")
  public String activation = "";

  Activation f;
  Tensor x;
  Tensor w;
  Tensor bias;
  @Nullable Tensor pre;
  Tensor y;
  Tensor dY;
  Tensor dPre;
  Tensor dX;
  Tensor dW;
  Tensor dBias;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int rows = dims[0];
    int in = dims[1];
    int out = dims[2];
    f = Activation.valueOf(activation);
    x = numbers.normal(rows, in);
    w = numbers.normal(in, out);
    bias = numbers.normal(out);
    pre = f.needsPre() ? numbers.normal(rows, out) : null;
    y = numbers.uniform(rows, out);
    dY = numbers.normal(rows, out);
    dPre = Tensor.zeros(rows, out);
    dX = Tensor.zeros(rows, in);
    dW = Tensor.zeros(in, out);
    dBias = Tensor.zeros(out);
  }

  @Override
  protected Work work(String benchmark) {
    long products = (long) x.size() * w.columns();
    Work layer = Work.of(products).flops(2 * products).reads(x, w);
    return switch (benchmark) {
      case "forward" -> layer.reads(bias).writes(y);
      case "backward" -> layer.flops(4 * products).reads(y, dY).writes(dPre, dX).updates(dW, dBias);
      case "both" -> work("forward").and(work("backward"));
      case "gemm" -> layer.writes(y);
      case "gemmTransposedA" -> Work.of(products).flops(2 * products).reads(x, dY).writes(dW);
      case "gemmTransposedB" -> Work.of(products).flops(2 * products).reads(dY, w).writes(dX);
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("dense.forward")
  public Tensor forward() {
    k.dense().forward(x, w, bias, f, pre, y);
    return y;
  }

  /** As in a training step: dX replaced, parameter gradients added to. */
  @Benchmark
  @Covers("dense.backward")
  public Tensor backward() {
    k.dense().backward(x, w, f, pre, y, dY, dPre, false, dX, true, dW, dBias);
    return dW;
  }

  @Benchmark
  @Covers({"dense.forward", "dense.backward"})
  public Tensor both() {
    forward();
    return backward();
  }

  @Benchmark
  @Covers("dense.gemm")
  public Tensor gemm() {
    k.dense().gemm(x, false, w, false, false, y);
    return y;
  }

  @Benchmark
  @Covers("dense.gemm")
  public Tensor gemmTransposedA() {
    k.dense().gemm(x, true, dY, false, false, dW);
    return dW;
  }

  @Benchmark
  @Covers("dense.gemm")
  public Tensor gemmTransposedB() {
    k.dense().gemm(dY, false, w, true, false, dX);
    return dX;
  }
}
