package io.github.elbo4j.bench.kernel.flow;

import io.github.elbo4j.bench.kernel.AtLeast;
import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Planar, radial and Householder flows. */
public class FlowBenchmark extends KernelBenchmark {
  /** Rows of parameters x rows of z for each x dimensions: shared, and amortised. */
  @Param({"1x128x64", "1x4096x64", "128x1x64", "4096x1x64"})
  public String shape = "";

  /** Planar steps in a row, or reflections. */
  static final int STEPS = 8;

  Tensor z;
  Tensor u;
  Tensor w;
  Tensor b;
  Tensor c;
  Tensor manyU;
  Tensor manyW;
  Tensor manyB;
  Tensor g;
  Tensor l;
  Tensor out;
  Tensor logDet;
  Tensor dz;
  private Tensor du;
  private Tensor dw;
  private Tensor db;
  private Tensor dBeta;
  private Tensor dManyU;
  private Tensor dManyW;
  private Tensor dManyB;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int points = dims[0];
    int rows = points * dims[1];
    int d = dims[2];
    z = numbers.normal(rows, d);
    u = small(numbers.normal(points, d));
    w = small(numbers.normal(points, d));
    b = numbers.normal(points, 1);
    c = numbers.normal(points, 1);
    manyU = small(numbers.normal(points, STEPS * d));
    manyW = small(numbers.normal(points, STEPS * d));
    manyB = numbers.normal(points, STEPS);
    g = numbers.normal(rows, d);
    l = numbers.normal(rows);
    out = Tensor.zeros(rows, d);
    logDet = Tensor.zeros(rows);
    dz = Tensor.zeros(rows, d);
    du = Tensor.zeros(points, d);
    dw = Tensor.zeros(points, d);
    db = Tensor.zeros(points, 1);
    dBeta = Tensor.zeros(points, 1);
    dManyU = Tensor.zeros(points, STEPS * d);
    dManyW = Tensor.zeros(points, STEPS * d);
    dManyB = Tensor.zeros(points, STEPS);
  }

  /** Rows of norm 1 or so, as after the start of training. */
  static Tensor small(Tensor t) {
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] *= 0.1f;
    }
    return t;
  }

  @Override
  protected Work work(String benchmark) {
    Work work = Work.of(z.size()).reads(z);
    return switch (benchmark) {
      case "planar", "planarInverse" -> work.reads(u, w, b).writes(out).updates(logDet);
      case "planarBackward" -> work.reads(u, w, b, g, l).updates(dz, du, dw, db);
      case "planarSteps" -> work.reads(manyU, manyW, manyB).writes(out).updates(logDet);
      case "planarStepsBackward" ->
          work.reads(manyU, manyW, manyB, g, l).updates(dz, dManyU, dManyW, dManyB);
      case "radial", "radialInverse" -> work.reads(u, b, c).writes(out).updates(logDet);
      case "radialBackward" -> work.reads(u, b, c, g, l).updates(dz, du, db, dBeta);
      case "householder" -> work.reads(manyU).writes(out);
      case "householderBackward" -> work.reads(manyU, g).updates(dz, dManyU);
      case "planarBoth", "planarStepsBoth", "radialBoth", "householderBoth" -> {
        String name = benchmark.replace("Both", "");
        yield work(name).and(work(name + "Backward"));
      }
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("flow.planar")
  @AtLeast(shape = "1x4096x64", value = 6)
  public Tensor planar() {
    k.flow().planar(z, u, w, b, out, logDet);
    return out;
  }

  @Benchmark
  @Covers("flow.planarBackward")
  public Tensor planarBackward() {
    k.flow().planarBackward(z, u, w, b, g, l, dz, du, dw, db);
    return dz;
  }

  @Benchmark
  @Covers({"flow.planar", "flow.planarBackward"})
  @AtLeast(2)
  @AtLeast(shape = "1x4096x64", value = 6)
  public Tensor planarBoth() {
    planar();
    return planarBackward();
  }

  @Benchmark
  @Covers("flow.planarInverse")
  public Tensor planarInverse() {
    k.flow().planarInverse(z, u, w, b, out, logDet);
    return out;
  }

  /** Eight steps in one call. */
  @Benchmark
  @Covers("flow.planar")
  public Tensor planarSteps() {
    k.flow().planar(z, manyU, manyW, manyB, out, logDet);
    return out;
  }

  @Benchmark
  @Covers("flow.planarBackward")
  public Tensor planarStepsBackward() {
    k.flow().planarBackward(z, manyU, manyW, manyB, g, l, dz, dManyU, dManyW, dManyB);
    return dz;
  }

  @Benchmark
  @Covers({"flow.planar", "flow.planarBackward"})
  public Tensor planarStepsBoth() {
    planarSteps();
    return planarStepsBackward();
  }

  @Benchmark
  @Covers("flow.radial")
  public Tensor radial() {
    k.flow().radial(z, u, b, c, out, logDet);
    return out;
  }

  @Benchmark
  @Covers("flow.radialBackward")
  public Tensor radialBackward() {
    k.flow().radialBackward(z, u, b, c, g, l, dz, du, db, dBeta);
    return dz;
  }

  @Benchmark
  @Covers({"flow.radial", "flow.radialBackward"})
  public Tensor radialBoth() {
    radial();
    return radialBackward();
  }

  @Benchmark
  @Covers("flow.radialInverse")
  public Tensor radialInverse() {
    k.flow().radialInverse(z, u, b, c, out, logDet);
    return out;
  }

  @Benchmark
  @Covers("flow.householder")
  public Tensor householder() {
    k.flow().householder(z, manyU, out);
    return out;
  }

  /** Takes z for what the forward pass left. */
  @Benchmark
  @Covers("flow.householderBackward")
  public Tensor householderBackward() {
    k.flow().householderBackward(z, manyU, g, dz, dManyU);
    return dz;
  }

  @Benchmark
  @Covers({"flow.householder", "flow.householderBackward"})
  public Tensor householderBoth() {
    householder();
    k.flow().householderBackward(out, manyU, g, dz, dManyU);
    return dz;
  }
}
