package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

final class DenseCases implements FamilyCases {
  private static final int L = FloatVector.SPECIES_PREFERRED.length();

  /** Rows, inputs, outputs of layers. */
  private static final int[][] LAYERS = {
    {0, 3, 5},
    {3, 0, 5},
    {3, 5, 0},
    {1, 1, 1},
    {5, 7, 3},
    {2, L - 1, L + 1},
    {9, L, 2 * L},
    {8 * L + 3, 20, 4 * L + 5},
    {97, 31, 20},
    {128, 20, 400},
    {20, 784, 200}
  };

  private static final boolean[] BOTH = {false, true};

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (int[] size : products()) {
      for (int variant = 0; variant < 8; variant++) {
        KernelCase c = gemm(size[0], size[1], size[2], variant);
        cases.add(size[0] == 61 && variant < 4 ? c.asHot() : c);
      }
    }
    for (Activation f : Activation.values()) {
      for (int[] size : LAYERS) {
        for (boolean bias : BOTH) {
          boolean hot = bias && size[0] == 97;
          KernelCase forward = forward(f, size[0], size[1], size[2], bias);
          KernelCase backward = backward(f, size[0], size[1], size[2], bias);
          cases.add(hot ? forward.asHot() : forward);
          cases.add(hot ? backward.asHot() : backward);
        }
      }
    }
    cases.addAll(MaskedCases.parity());
    return cases;
  }

  /**
   * M, N, K: each of the edge sizes in each place, blocks, several chunks of K, the sizes of a VAE.
   */
  private static List<int[]> products() {
    List<int[]> sizes = new ArrayList<>();
    for (int s : new int[] {0, 1, 2, L - 1, L, L + 1, 3 * L, 4 * L, 5 * L + 1, 8 * L + 3}) {
      sizes.addAll(List.of(new int[] {s, 7, 5}, new int[] {7, s, 5}, new int[] {7, 5, s}));
    }
    int[][] more = {
      {61, 67, 71},
      {131, 263, 17},
      {300, 100, 33},
      {65, 1031, 9},
      {9, 50, 1613},
      {5, 20, 801},
      {128, 400, 784},
      {128, 784, 400},
      {784, 400, 128},
      {1281, 1153, 5}, // so many tiles that a device takes its large ones
      {400, 20, 128},
      {1, 400, 784}
    };
    sizes.addAll(Arrays.asList(more));
    return sizes;
  }

  private static KernelCase gemm(int m, int n, int k, int variant) {
    boolean ta = (variant & 1) != 0;
    boolean tb = (variant & 2) != 0;
    boolean accumulate = (variant & 4) != 0;
    String label =
        "[%d,%d]%s·[%d,%d]%s%s"
            .formatted(m, k, ta ? "ᵀ" : "", k, n, tb ? "ᵀ" : "", accumulate ? " accumulated" : "");
    return KernelCase.of(
        "dense.gemm",
        label,
        fixture -> {
          Tensor a = ta ? fixture.input("a", k, m) : fixture.input("a", m, k);
          Tensor b = tb ? fixture.input("b", n, k) : fixture.input("b", k, n);
          Tolerance t =
              Tolerance.sum(DenseReference.product(abs(a, 1), ta, abs(b, 1), tb, m, n, k));
          Tensor c = accumulate ? fixture.accumulated("c", t, m, n) : fixture.output("c", t, m, n);
          return backend -> backend.dense().gemm(a, ta, b, tb, accumulate, c);
        });
  }

  private static KernelCase forward(Activation f, int rows, int in, int out, boolean biased) {
    return KernelCase.of(
        "dense.forward",
        "%s [%d,%d]→%d%s".formatted(f, rows, in, out, biased ? " bias" : ""),
        fixture -> {
          Tensor x = fixture.input("x", rows, in);
          Tensor w = fixture.uniform("w", -0.3, 0.3, in, out);
          Tensor bias = biased ? fixture.input("bias", out) : null;
          double[] terms =
              DenseReference.product(abs(x, 1), false, abs(w, 1.2), false, rows, out, in);
          Tensor pre =
              f.needsPre() || !biased ? fixture.output("pre", sum(terms), rows, out) : null;
          Tensor y = fixture.output("y", sum(terms), rows, out);
          return backend -> backend.dense().forward(x, w, bias, f, pre, y);
        });
  }

  /**
   * {@code all}: separate dPre, dX and dW and dBias accumulated; else in place, written, without
   * dX.
   */
  private static KernelCase backward(Activation f, int rows, int in, int out, boolean all) {
    return KernelCase.of(
        "dense.backward",
        "%s [%d,%d]→%d%s".formatted(f, rows, in, out, all ? " accumulated" : " in place"),
        fixture -> {
          Tensor x = fixture.input("x", rows, in);
          Tensor w = fixture.input("w", in, out);
          Tensor pre = fixture.input("pre", rows, out);
          Tensor y = values(f, pre, fixture.input("y", rows, out));
          Tensor dY =
              all
                  ? fixture.input("dY", rows, out)
                  : fixture.accumulated("dY", Tolerance.ELEMENT, rows, out);
          Tensor dPre = all ? fixture.output("dPre", Tolerance.ELEMENT, rows, out) : dY;
          // |f'| < 1.13, and f' has a few roundings of its own.
          double[] g = abs(dY, 2);
          double[] toX = DenseReference.product(g, false, abs(w, 1), true, rows, in, out);
          double[] toW = DenseReference.product(abs(x, 1), true, g, false, in, out, rows);
          double[] toBias = DenseReference.columnSums(g, out);
          Tensor dX = all ? fixture.accumulated("dX", sum(toX), rows, in) : null;
          Tensor dW = gradient(fixture, all, "dW", sum(toW), in, out);
          Tensor dBias = gradient(fixture, all, "dBias", sum(toBias), out);
          Tensor given = f.needsPre() ? pre : null;
          return backend ->
              backend.dense().backward(x, w, f, given, y, dY, dPre, all, dX, all, dW, dBias);
        });
  }

  private static Tensor gradient(
      Fixture fixture, boolean accumulate, String name, Tolerance t, int... dims) {
    return accumulate ? fixture.accumulated(name, t, dims) : fixture.output(name, t, dims);
  }

  private static Tolerance sum(double[] terms) {
    return new Tolerance(1e-5, 1e-5, terms);
  }

  private static Tensor values(Activation f, Tensor pre, Tensor y) {
    for (int i = 0; i < y.size(); i++) {
      y.array()[y.offset() + i] = (float) DenseReference.value(f, pre.get(i));
    }
    return y;
  }

  private static double[] abs(Tensor t, double scale) {
    double[] a = new double[t.size()];
    for (int i = 0; i < a.length; i++) {
      a[i] = scale * Math.abs(t.get(i));
    }
    return a;
  }

  @Override
  public List<GradCase> gradients() {
    List<GradCase> cases = new ArrayList<>();
    for (Activation f : Activation.values()) {
      for (String input : new String[] {"x", "w", "bias"}) {
        cases.add(new GradCase("dense.backward", f + " " + input, () -> check(f, input)));
      }
    }
    cases.addAll(MaskedCases.gradients());
    return cases;
  }

  private static void check(Activation f, String input) {
    int rows = 4;
    int in = 5;
    int out = 3;
    double[] x = GradCheck.random(1, rows * in, 1);
    double[] w = GradCheck.random(2, in * out, 0.7);
    double[] bias = GradCheck.random(3, out, 0.5);
    double[] dY = GradCheck.random(4, rows * out, 1);
    double[] pre = DenseReference.affine(x, w, bias, rows, out, in);
    double[] g = DenseReference.preGradient(f, f.needsPre() ? pre : null, apply(f, pre), dY);
    switch (input) {
      case "x" ->
          GradCheck.check(
              "dX",
              x,
              DenseReference.product(g, false, w, true, rows, in, out),
              v -> objective(f, dY, v, w, bias));
      case "w" ->
          GradCheck.check(
              "dW",
              w,
              DenseReference.product(x, true, g, false, in, out, rows),
              v -> objective(f, dY, x, v, bias));
      default ->
          GradCheck.check(
              "dBias", bias, DenseReference.columnSums(g, out), v -> objective(f, dY, x, w, v));
    }
  }

  private static double objective(
      Activation f, double[] dY, double[] x, double[] w, double @Nullable [] bias) {
    return GradCheck.dot(dY, apply(f, DenseReference.affine(x, w, bias, 4, 3, 5)));
  }

  private static double[] apply(Activation f, double[] pre) {
    return Arrays.stream(pre).map(v -> DenseReference.value(f, v)).toArray();
  }
}
