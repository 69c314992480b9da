package io.github.elbo4j.bench.kernel.flow;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Coupling and gated autoregressive steps, without their networks. */
public class CouplingBenchmark extends KernelBenchmark {
  /** Rows x dimensions, of which a mask transforms every second. */
  @Param({"128x64", "4096x64"})
  public String shape = "";

  Tensor z;
  Tensor t;
  Tensor s;
  Tensor scale;
  Tensor mask;
  Tensor dOut;
  Tensor dLogDet;
  Tensor out;
  Tensor logDet;
  Tensor dZ;
  Tensor dT;
  Tensor dS;
  Tensor dScale;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int d = dims[1];
    z = numbers.normal(dims);
    t = numbers.normal(dims);
    s = numbers.normal(dims);
    scale = numbers.normal(d);
    mask = Tensor.zeros(d);
    for (int i = 0; i < d; i += 2) {
      mask.array()[i] = 1;
    }
    dOut = numbers.normal(dims);
    dLogDet = numbers.normal(dims[0]);
    out = Tensor.zeros(dims);
    logDet = Tensor.zeros(dims[0]);
    dZ = Tensor.zeros(dims);
    dT = Tensor.zeros(dims);
    dS = Tensor.zeros(dims);
    dScale = Tensor.zeros(d);
  }

  @Override
  protected Work work(String benchmark) {
    Work rows = Work.of(z.size());
    return switch (benchmark) {
      case "additive", "additiveInverse" -> rows.reads(z, t, mask).writes(out);
      case "additiveBackward" -> rows.reads(mask, dOut).updates(dZ, dT);
      case "affine", "affineInverse" ->
          rows.reads(z, t, s, scale, mask).writes(out).updates(logDet);
      case "affineBackward" ->
          rows.reads(z, t, s, scale, mask, dOut, dLogDet).updates(dZ, dT, dS, dScale);
      case "gated", "gatedInverse" -> rows.reads(z, t, s).writes(out).updates(logDet);
      case "gatedBackward" -> rows.reads(z, t, s, dOut, dLogDet).updates(dZ, dT, dS);
      case "additiveBoth", "affineBoth", "gatedBoth" -> {
        String step = benchmark.replace("Both", "");
        yield work(step).and(work(step + "Backward"));
      }
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("coupling.additive")
  public Tensor additive() {
    k.coupling().additive(z, t, mask, out);
    return out;
  }

  @Benchmark
  @Covers("coupling.additive")
  public Tensor additiveInverse() {
    k.coupling().additiveInverse(z, t, mask, out);
    return out;
  }

  @Benchmark
  @Covers("coupling.additiveBackward")
  public Tensor additiveBackward() {
    k.coupling().additiveBackward(mask, dOut, dZ, dT);
    return dZ;
  }

  @Benchmark
  @Covers({"coupling.additive", "coupling.additiveBackward"})
  public Tensor additiveBoth() {
    additive();
    return additiveBackward();
  }

  @Benchmark
  @Covers("coupling.affine")
  public Tensor affine() {
    k.coupling().affine(z, t, s, scale, mask, out, logDet);
    return out;
  }

  @Benchmark
  @Covers("coupling.affine")
  public Tensor affineInverse() {
    k.coupling().affineInverse(z, t, s, scale, mask, out, logDet);
    return out;
  }

  @Benchmark
  @Covers("coupling.affineBackward")
  public Tensor affineBackward() {
    k.coupling().affineBackward(z, t, s, scale, mask, dOut, dLogDet, dZ, dT, dS, dScale);
    return dZ;
  }

  @Benchmark
  @Covers({"coupling.affine", "coupling.affineBackward"})
  public Tensor affineBoth() {
    affine();
    return affineBackward();
  }

  @Benchmark
  @Covers("coupling.gated")
  public Tensor gated() {
    k.coupling().gated(z, t, s, out, logDet);
    return out;
  }

  @Benchmark
  @Covers("coupling.gated")
  public Tensor gatedInverse() {
    k.coupling().gatedInverse(z, t, s, out, logDet);
    return out;
  }

  @Benchmark
  @Covers("coupling.gatedBackward")
  public Tensor gatedBackward() {
    k.coupling().gatedBackward(z, t, s, dOut, dLogDet, dZ, dT, dS);
    return dZ;
  }

  @Benchmark
  @Covers({"coupling.gated", "coupling.gatedBackward"})
  public Tensor gatedBoth() {
    gated();
    return gatedBackward();
  }
}
