package io.github.elbo4j.bench.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.LinearSystem.FULL;
import static io.github.elbo4j.kernel.covariance.LinearSystem.LOWER;
import static io.github.elbo4j.kernel.covariance.MatrixLayout.LANES;
import static io.github.elbo4j.kernel.covariance.MatrixLayout.MATRICES;

import io.github.elbo4j.bench.kernel.AtLeast;
import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.covariance.CholeskyKernels;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Cholesky factors and solves, of single matrices and of matrices in lanes. */
public class CholeskyBenchmark extends KernelBenchmark {
  /** Matrices x order x right-hand sides. */
  @Param({"1024x32x8", "1024x64x8", "256x128x8", "128x32x1", "4096x32x1"})
  public String shape = "";

  Tensor a;
  Tensor l;
  Tensor dL;
  Tensor y;
  Tensor dX;
  Tensor g;
  private Tensor dA;
  private Tensor x;
  private Tensor dY;
  private Tensor toL;
  private Tensor logDet;
  private Tensor aLanes;
  private Tensor lLanes;
  private Tensor lOut;
  private Tensor dLLanes;
  private Tensor dALanes;
  private Tensor yLanes;
  private Tensor xLanes;
  private Tensor dXLanes;
  private Tensor dYLanes;
  private Tensor toLLanes;
  private int[] status = new int[0];

  /** A quarter of the matrices is enough to see that they are right. */
  @Override
  protected String verifiedShape(String shape) {
    return shape.replace("4096x", "160x").replace("1024x", "160x").replace("256x", "32x");
  }

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    int batch = dims[0];
    int d = dims[1];
    int m = dims[2];
    a = numbers.normal(batch, d, d);
    for (int b = 0; b < batch; b++) {
      for (int i = 0; i < d; i++) {
        for (int j = 0; j < i; j++) {
          a.array()[(b * d + j) * d + i] = a.get((b * d + i) * d + j);
        }
        a.array()[(b * d + i) * d + i] = 2 * d;
      }
    }
    status = new int[batch];
    l = Tensor.zeros(batch, d, d);
    k.cholesky().factor(MATRICES, a, l, status);
    lOut = Tensor.zeros(batch, d, d);
    dL = numbers.normal(batch, d, d);
    dA = Tensor.zeros(batch, d, d);
    toL = Tensor.zeros(batch, d, d);
    y = numbers.normal(batch, d, m);
    dX = numbers.normal(batch, d, m);
    x = numbers.normal(batch, d, m);
    dY = Tensor.zeros(batch, d, m);
    g = numbers.normal(batch);
    logDet = Tensor.zeros(batch);
    aLanes = lanes(a);
    lLanes = lanes(l);
    dLLanes = lanes(dL);
    dALanes = lanes(dA);
    toLLanes = lanes(toL);
    yLanes = lanes(y);
    xLanes = lanes(x);
    dXLanes = lanes(dX);
    dYLanes = lanes(dY);
  }

  private Tensor lanes(Tensor t) {
    int batch = t.shape().dim(0);
    Tensor packed = Tensor.zeros(batch / CholeskyKernels.LANES, t.size() / batch * 16);
    k.cholesky().pack(t, packed);
    return packed;
  }

  @Override
  protected Work work(String benchmark) {
    Work matrices = Work.of(a.size());
    Work sides = Work.of(y.size());
    return switch (benchmark) {
      case "pack" -> matrices.reads(a).writes(aLanes);
      case "unpack" -> matrices.reads(lLanes).writes(lOut);
      case "factor" -> matrices.reads(a).writes(l).writes(status);
      case "factorLanes" -> matrices.reads(aLanes).writes(lLanes).writes(status);
      case "factorBackward" -> matrices.reads(l, dL).updates(dA);
      case "factorBoth" -> work("factor").and(work("factorBackward"));
      case "factorLanesBoth" ->
          work("factorLanes").and(Work.of(0).reads(lLanes, dLLanes).updates(dALanes));
      case "solve", "solveFull" -> sides.reads(l, y).writes(x);
      case "solveLanes" -> sides.reads(lLanes, yLanes).writes(xLanes);
      case "solveBackward" -> sides.reads(l, x, dX).updates(toL, dY);
      case "solveBoth", "solveFullBoth" -> work("solve").and(work("solveBackward"));
      case "solveLanesBoth" ->
          work("solveLanes")
              .and(Work.of(0).reads(lLanes, xLanes, dXLanes).updates(toLLanes, dYLanes));
      case "logDet" -> Work.of(g.size()).reads(l).writes(logDet);
      case "logDetBackward" -> Work.of(g.size()).reads(l, g).updates(toL);
      case "logDetBoth" -> work("logDet").and(work("logDetBackward"));
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("cholesky.pack")
  public Tensor pack() {
    k.cholesky().pack(a, aLanes);
    return aLanes;
  }

  @Benchmark
  @Covers("cholesky.unpack")
  public Tensor unpack() {
    k.cholesky().unpack(lLanes, lOut);
    return lOut;
  }

  @Benchmark
  @Covers("cholesky.factor")
  @AtLeast(shape = "1024x32x8", value = 5)
  @AtLeast(shape = "1024x64x8", value = 5)
  public Tensor factor() {
    k.cholesky().factor(MATRICES, a, l, status);
    return l;
  }

  @Benchmark
  @Covers("cholesky.factor")
  @AtLeast(shape = "1024x32x8", value = 10)
  @AtLeast(shape = "1024x64x8", value = 7)
  public Tensor factorLanes() {
    k.cholesky().factor(LANES, aLanes, lLanes, status);
    return lLanes;
  }

  @Benchmark
  @Covers("cholesky.factorBackward")
  public Tensor factorBackward() {
    k.cholesky().factorBackward(MATRICES, l, dL, dA);
    return dA;
  }

  @Benchmark
  @Covers({"cholesky.factor", "cholesky.factorBackward"})
  @AtLeast(shape = "1024x32x8", value = 6)
  public Tensor factorBoth() {
    factor();
    return factorBackward();
  }

  @Benchmark
  @Covers({"cholesky.factor", "cholesky.factorBackward"})
  @AtLeast(shape = "1024x32x8", value = 6)
  public Tensor factorLanesBoth() {
    factorLanes();
    k.cholesky().factorBackward(LANES, lLanes, dLLanes, dALanes);
    return dALanes;
  }

  @Benchmark
  @Covers("cholesky.solve")
  public Tensor solve() {
    k.cholesky().solve(MATRICES, LOWER, l, y, x);
    return x;
  }

  @Benchmark
  @Covers("cholesky.solve")
  public Tensor solveLanes() {
    k.cholesky().solve(LANES, LOWER, lLanes, yLanes, xLanes);
    return xLanes;
  }

  @Benchmark
  @Covers("cholesky.solveBackward")
  public Tensor solveBackward() {
    k.cholesky().solveBackward(MATRICES, LOWER, l, x, dX, toL, dY);
    return toL;
  }

  @Benchmark
  @Covers({"cholesky.solve", "cholesky.solveBackward"})
  public Tensor solveBoth() {
    solve();
    return solveBackward();
  }

  @Benchmark
  @Covers({"cholesky.solve", "cholesky.solveBackward"})
  public Tensor solveLanesBoth() {
    solveLanes();
    k.cholesky().solveBackward(LANES, LOWER, lLanes, xLanes, dXLanes, toLLanes, dYLanes);
    return toLLanes;
  }

  @Benchmark
  @Covers("cholesky.solve")
  public Tensor solveFull() {
    k.cholesky().solve(MATRICES, FULL, l, y, x);
    return x;
  }

  @Benchmark
  @Covers({"cholesky.solve", "cholesky.solveBackward"})
  public Tensor solveFullBoth() {
    solveFull();
    k.cholesky().solveBackward(MATRICES, FULL, l, x, dX, toL, dY);
    return toL;
  }

  @Benchmark
  @Covers("cholesky.logDet")
  public Tensor logDet() {
    k.cholesky().logDet(MATRICES, l, logDet);
    return logDet;
  }

  @Benchmark
  @Covers("cholesky.logDetBackward")
  public Tensor logDetBackward() {
    k.cholesky().logDetBackward(MATRICES, l, g, toL);
    return toL;
  }

  @Benchmark
  @Covers({"cholesky.logDet", "cholesky.logDetBackward"})
  public Tensor logDetBoth() {
    logDet();
    return logDetBackward();
  }
}
