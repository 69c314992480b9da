package io.github.elbo4j.bench.kernel.dense;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** A masked layer of MADE, and one conditioned on a data point's context. */
public class MaskedBenchmark extends KernelBenchmark {
  /** Data points x samples x inputs x outputs. */
  @Param({"128x1x64x512", "128x1x512x512", "20x50x64x200"})
  public String shape = "";

  Tensor x;
  Tensor w;
  Tensor bias;
  Tensor context;
  Tensor mask;
  Tensor dY;
  Tensor y;
  Tensor dPre;
  Tensor dX;
  Tensor dW;
  Tensor dBias;
  Tensor dContext;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int rows = dims[0] * dims[1];
    x = numbers.normal(rows, dims[2]);
    w = numbers.normal(dims[2], dims[3]);
    mask = Tensor.zeros(dims[2], dims[3]);
    for (int i = 0; i < w.size(); i++) {
      mask.array()[i] = i / dims[3] <= i % dims[3] % dims[2] ? 1 : 0;
      w.array()[i] *= 0.1f;
    }
    bias = numbers.normal(dims[3]);
    context = numbers.normal(dims[0], dims[3]);
    dY = numbers.normal(rows, dims[3]);
    y = Tensor.zeros(rows, dims[3]);
    dPre = Tensor.zeros(rows, dims[3]);
    dX = Tensor.zeros(rows, dims[2]);
    dW = Tensor.zeros(dims[2], dims[3]);
    dBias = Tensor.zeros(dims[3]);
    dContext = Tensor.zeros(dims[0], dims[3]);
    k.dense().mask(mask, w);
  }

  @Override
  protected Work work(String benchmark) {
    Work layer = Work.of(y.size());
    return switch (benchmark) {
      case "mask" -> Work.of(w.size()).reads(mask).updates(w);
      case "masked" -> layer.reads(x, w, bias).writes(y);
      case "maskedBoth" -> layer.reads(x, w, mask, bias, dY).writes(y).updates(dX, dW, dBias);
      case "condition" -> layer.reads(dY, context).writes(y);
      case "conditionBoth" -> layer.reads(dY, context).writes(y, dPre).updates(dContext);
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("dense.mask")
  public Tensor mask() {
    k.dense().mask(mask, w);
    return w;
  }

  @Benchmark
  @Covers("dense.mask")
  public Tensor masked() {
    k.dense().forward(x, w, bias, Activation.RELU, null, y);
    return y;
  }

  /** What a masked layer of the tape runs. */
  @Benchmark
  @Covers("dense.mask")
  public Tensor maskedBoth() {
    masked();
    k.dense().backward(x, w, Activation.RELU, null, y, dY, dPre, true, dX, true, dW, dBias);
    k.dense().mask(mask, dW);
    return dW;
  }

  @Benchmark
  @Covers("dense.condition")
  public Tensor condition() {
    k.dense().condition(dY, context, Activation.TANH, null, y);
    return y;
  }

  @Benchmark
  @Covers({"dense.condition", "dense.conditionBackward"})
  public Tensor conditionBoth() {
    condition();
    k.dense().conditionBackward(Activation.TANH, null, y, dY, dPre, dContext);
    return dPre;
  }
}
