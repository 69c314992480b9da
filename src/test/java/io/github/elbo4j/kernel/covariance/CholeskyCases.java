package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link CholeskyKernels}. */
public final class CholeskyCases implements FamilyCases {
  private static final int W = CholeskyKernels.LANES;

  /** Matrices, their order, right-hand sides. */
  private record Sizes(int b, int d, int m) {}

  private static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int d : new int[] {1, 2, 3, 4, 5, 8, 15, 16, 17, 33, 97}) {
      list.add(new Sizes(3, d, d % 6));
    }
    for (int b : new int[] {0, 1, W - 1, W, W + 1, 2 * W + 3}) {
      list.add(new Sizes(b, 12, 5));
    }
    list.add(new Sizes(3, 5, 0));
    list.add(new Sizes(18, 13, 5)); // whole group and a part, factored along the rows
    list.add(new Sizes(19, 13, 5));
    list.add(new Sizes(1, 130, 1));
    list.add(new Sizes(18, 32, 8));
    list.add(new Sizes(2, 64, 64));
    list.add(new Sizes(18, 30, 2049)); // right-hand sides in strips
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      boolean hot = s.d == 13;
      add(cases, hot && s.b == 19, pack(s));
      add(cases, hot && s.b == 19, unpack(s));
      for (MatrixLayout layout : MatrixLayout.values()) {
        add(cases, hot && (s.b == 19 || layout == MatrixLayout.MATRICES), factor(s, layout, -1));
        add(cases, hot && s.b == 19, factorBackward(s, layout));
        for (LinearSystem system : LinearSystem.values()) {
          boolean hotSolve = s.b == 19 && system == LinearSystem.FULL;
          add(cases, hotSolve, solve(s, layout, system));
          add(cases, hotSolve, solveBackward(s, layout, system, 3));
        }
        add(cases, hot && s.b == 19, logDet(s, layout));
        add(cases, hot && s.b == 19, logDetBackward(s, layout));
      }
    }
    for (MatrixLayout layout : MatrixLayout.values()) {
      cases.add(factor(new Sizes(21, 9, 1), layout, 17));
      cases.add(factor(new Sizes(2, 37, 1), layout, 1));
      cases.add(solveBackward(new Sizes(5, 7, 4), layout, LinearSystem.FULL, 1));
      cases.add(solveBackward(new Sizes(5, 7, 4), layout, LinearSystem.FULL, 2));
    }
    return cases;
  }

  @Override
  public List<GradCase> gradients() {
    return CholeskyGradients.all();
  }

  private static void add(List<KernelCase> cases, boolean hot, KernelCase c) {
    cases.add(hot ? c.asHot() : c);
  }

  private static int[] shape(Sizes s, MatrixLayout layout, int elements) {
    return layout == MatrixLayout.LANES
        ? new int[] {Math.ceilDiv(s.b, W), elements * W}
        : new int[] {s.b, elements};
  }

  /** Index in the array of element e of matrix b. */
  private static int place(Tensor t, MatrixLayout layout, int b, int elements, int e) {
    return t.offset()
        + (layout == MatrixLayout.LANES ? (b / W * elements + e) * W + b % W : b * elements + e);
  }

  /** The same tensor with NaN above the diagonals: what no kernel may read. */
  private static Tensor lower(Tensor t, Sizes s, MatrixLayout layout) {
    int n = s.d * s.d;
    for (int b = 0; b < t.size() / n; b++) {
      for (int i = 0; i < s.d; i++) {
        for (int j = i + 1; j < s.d; j++) {
          t.array()[place(t, layout, b, n, i * s.d + j)] = Float.NaN;
        }
      }
    }
    return t;
  }

  /** The same, with diagonals of at least that size. */
  private static Tensor lower(Tensor t, Sizes s, MatrixLayout layout, double least) {
    int n = s.d * s.d;
    for (int b = 0; b < t.size() / n; b++) {
      for (int i = 0; i < s.d; i++) {
        int at = place(t, layout, b, n, i * (s.d + 1));
        t.array()[at] = (float) (least + Math.abs(t.array()[at]));
      }
    }
    return lower(t, s, layout);
  }

  /** A triangular matrix whose inverse is small. */
  private static Tensor factor(Fixture f, Sizes s, MatrixLayout layout) {
    return lower(f.input("l", shape(s, layout, s.d * s.d)), s, layout, s.d);
  }

  /** Diagonally dominant, so that the error of every step stays the rounding of its operands. */
  private static Tensor dominant(Fixture f, Sizes s, MatrixLayout layout) {
    return lower(f.input("a", shape(s, layout, s.d * s.d)), s, layout, 2 * s.d);
  }

  /** Roundings of numbers of that size: sums of up to 100 terms, each far smaller. */
  private static Tolerance near(double size) {
    return new Tolerance(32 * 0x1p-24 * size, 1e-5);
  }

  private static KernelCase pack(Sizes s) {
    return KernelCase.of(
        "cholesky.pack",
        s.toString(),
        f -> {
          Tensor x = f.input("x", s.b, s.d, s.m);
          Tensor packed =
              f.output("packed", Tolerance.EXACT, shape(s, MatrixLayout.LANES, s.d * s.m));
          return k -> k.cholesky().pack(x, packed);
        });
  }

  private static KernelCase unpack(Sizes s) {
    return KernelCase.of(
        "cholesky.unpack",
        s.toString(),
        f -> {
          Tensor packed = f.input("packed", shape(s, MatrixLayout.LANES, s.d * s.m));
          Tensor x = f.output("x", Tolerance.EXACT, s.b, s.d, s.m);
          return k -> k.cholesky().unpack(packed, x);
        });
  }

  /** With a matrix that has no factor at {@code bad}, or none. */
  private static KernelCase factor(Sizes s, MatrixLayout layout, int bad) {
    return KernelCase.of(
        "cholesky.factor",
        s + " " + layout + (bad < 0 ? "" : " with a bad one"),
        f -> {
          Tensor a = dominant(f, s, layout);
          if (bad >= 0) {
            int row = s.d / 2;
            a.array()[place(a, layout, bad, s.d * s.d, row * (s.d + 1))] = -1;
          }
          Tensor l = f.output("l", near(Math.sqrt(3 * s.d)), shape(s, layout, s.d * s.d));
          Tensor copy = f.integers("status", s.b);
          int[] status = new int[s.b];
          return k -> {
            k.cholesky().factor(layout, a, l, status);
            for (int b = 0; b < s.b; b++) {
              copy.array()[copy.offset() + b] = status[b];
            }
          };
        });
  }

  private static KernelCase factorBackward(Sizes s, MatrixLayout layout) {
    return KernelCase.of(
        "cholesky.factorBackward",
        s + " " + layout,
        f -> {
          Tensor l = factor(f, s, layout);
          Tensor dL = lower(f.input("dL", shape(s, layout, s.d * s.d)), s, layout);
          Tensor dA = f.accumulated("dA", near(6), shape(s, layout, s.d * s.d));
          return k -> k.cholesky().factorBackward(layout, l, dL, dA);
        });
  }

  private static KernelCase solve(Sizes s, MatrixLayout layout, LinearSystem system) {
    return KernelCase.of(
        "cholesky.solve",
        s + " " + layout + " " + system,
        f -> {
          Tensor l = factor(f, s, layout);
          Tensor y = f.input("y", shape(s, layout, s.d * s.m));
          Tensor x = f.output("x", near(6.0 / s.d), shape(s, layout, s.d * s.m));
          return k -> k.cholesky().solve(layout, system, l, y, x);
        });
  }

  /** {@code wanted}: 1 the gradient of L, 2 that of Y, 3 both. */
  private static KernelCase solveBackward(
      Sizes s, MatrixLayout layout, LinearSystem system, int wanted) {
    return KernelCase.of(
        "cholesky.solveBackward",
        s + " " + layout + " " + system + " " + wanted,
        f -> {
          Tensor l = factor(f, s, layout);
          Tensor x = f.input("x", shape(s, layout, s.d * s.m));
          Tensor dX = f.input("dX", shape(s, layout, s.d * s.m));
          int[] square = shape(s, layout, s.d * s.d);
          Tensor dL =
              (wanted & 1) == 0
                  ? null
                  : lower(f.accumulated("dL", near(6 + s.m), square), s, layout);
          Tensor dY =
              (wanted & 2) == 0 ? null : f.accumulated("dY", near(6), shape(s, layout, s.d * s.m));
          return k -> k.cholesky().solveBackward(layout, system, l, x, dX, dL, dY);
        });
  }

  private static KernelCase logDet(Sizes s, MatrixLayout layout) {
    return KernelCase.of(
        "cholesky.logDet",
        s + " " + layout,
        f -> {
          Tensor l = factor(f, s, layout);
          Tensor out = f.output("out", near(2 * Math.log(s.d + 1)), s.b);
          return k -> k.cholesky().logDet(layout, l, out);
        });
  }

  private static KernelCase logDetBackward(Sizes s, MatrixLayout layout) {
    return KernelCase.of(
        "cholesky.logDetBackward",
        s + " " + layout,
        f -> {
          Tensor l = factor(f, s, layout);
          Tensor g = f.input("g", s.b);
          Tensor dL = f.accumulated("dL", Tolerance.ELEMENT, shape(s, layout, s.d * s.d));
          return k -> k.cholesky().logDetBackward(layout, l, g, dL);
        });
  }
}
