package io.github.elbo4j.bench.kernel.flow;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** A Sylvester step with eight reflections. */
public class SylvesterBenchmark extends KernelBenchmark {
  /** Rows of parameters x rows of z for each x dimensions: shared, and amortised. */
  @Param({"1x128x64", "1x4096x64", "128x1x64", "4096x1x32"})
  public String shape = "";

  static final int REFLECTIONS = 8;

  Tensor z;
  Tensor v;
  Tensor r1;
  Tensor r2;
  Tensor b;
  Tensor g;
  Tensor l;
  private Tensor out;
  private Tensor logDet;
  private Tensor dz;
  private Tensor dv;
  private Tensor dr1;
  private Tensor dr2;
  private Tensor db;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int points = dims[0];
    int rows = points * dims[1];
    int d = dims[2];
    z = numbers.normal(rows, d);
    v = numbers.normal(points, REFLECTIONS * d);
    r1 = FlowBenchmark.small(numbers.normal(points, d * d));
    r2 = FlowBenchmark.small(numbers.normal(points, d * d));
    b = numbers.normal(points, d);
    g = numbers.normal(rows, d);
    l = numbers.normal(rows);
    out = Tensor.zeros(rows, d);
    logDet = Tensor.zeros(rows);
    dz = Tensor.zeros(rows, d);
    dv = Tensor.zeros(points, REFLECTIONS * d);
    dr1 = Tensor.zeros(points, d * d);
    dr2 = Tensor.zeros(points, d * d);
    db = Tensor.zeros(points, d);
  }

  @Override
  protected Work work(String benchmark) {
    Work work = Work.of(z.size()).reads(z, v, r1, r2, b);
    return switch (benchmark) {
      case "sylvester", "sylvesterInverse" -> work.writes(out).updates(logDet);
      case "sylvesterBackward" -> work.reads(g, l).updates(dz, dv, dr1, dr2, db);
      case "sylvesterBoth" -> work("sylvester").and(work("sylvesterBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("sylvester.sylvester")
  public Tensor sylvester() {
    k.sylvester().sylvester(z, v, r1, r2, b, out, logDet);
    return out;
  }

  @Benchmark
  @Covers("sylvester.sylvesterBackward")
  public Tensor sylvesterBackward() {
    k.sylvester().sylvesterBackward(z, v, r1, r2, b, g, l, dz, dv, dr1, dr2, db);
    return dz;
  }

  @Benchmark
  @Covers({"sylvester.sylvester", "sylvester.sylvesterBackward"})
  public Tensor sylvesterBoth() {
    sylvester();
    return sylvesterBackward();
  }

  @Benchmark
  @Covers("sylvester.sylvesterInverse")
  public Tensor sylvesterInverse() {
    k.sylvester().sylvesterInverse(z, v, r1, r2, b, out, logDet);
    return out;
  }
}
