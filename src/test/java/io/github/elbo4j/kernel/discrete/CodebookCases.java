package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cases of {@link CodebookKernels}. */
public final class CodebookCases implements FamilyCases {
  private static final int L = SimdMath.L;

  /** Rows, entries and dimensions. */
  private record Sizes(int r, int j, int d) {}

  private static List<Sizes> sizes() {
    List<Sizes> list = new ArrayList<>();
    for (int j : new int[] {1, 2 * L - 1, 2 * L, 2 * L + 1, 67}) {
      list.add(new Sizes(7, j, 5));
    }
    for (int d : new int[] {1, L, L + 1, 8 * L + 3}) {
      list.add(new Sizes(131, 37, d));
    }
    list.add(new Sizes(0, 3, 4));
    list.add(new Sizes(66, 512, 33));
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Sizes s : sizes()) {
      boolean hot = s.j == 512;
      for (KernelCase c : List.of(nearest(s), lookup(s), lookupBackward(s), usage(s), average(s))) {
        cases.add(hot ? c.asHot() : c);
      }
    }
    cases.add(nearestEdges());
    cases.add(allOfOneEntry());
    return cases;
  }

  private static int[] indices(Sizes s) {
    int[] index = new int[s.r];
    for (int r = 0; r < s.r; r++) {
      index[r] = (int) (r * 2654435761L % s.j);
    }
    return index;
  }

  private static void asFloats(int[] index, Tensor out) {
    for (int r = 0; r < index.length; r++) {
      out.array()[out.offset() + r] = index[r];
    }
  }

  /** Normal numbers: no two entries are equally near within rounding. */
  private static KernelCase nearest(Sizes s) {
    return KernelCase.of(
        "codebook.nearest",
        s.toString(),
        f -> {
          Tensor z = f.input("z", s.r, s.d);
          Tensor codebook = f.input("codebook", s.j, s.d);
          int[] index = new int[s.r];
          Tensor asFloat = f.integers("index", s.r);
          Tensor distance = f.output("distance", Tolerance.ELEMENT, s.r);
          return k -> {
            k.codebook().nearest(z, codebook, index, distance);
            asFloats(index, asFloat);
          };
        });
  }

  /** Equal entries (the first wins), NaN and infinite rows, infinite and NaN entries. */
  private static KernelCase nearestEdges() {
    return KernelCase.of(
        "codebook.nearest",
        "edges",
        f -> {
          int d = 3;
          Tensor z = f.uniform("z", 1, 2, 5, d);
          Tensor codebook = f.uniform("codebook", 1, 2, 2 * L + 5, d);
          float[] e = codebook.array();
          int at = codebook.offset();
          System.arraycopy(e, at + 2 * d, e, at + (2 * L + 3) * d, d);
          System.arraycopy(e, at + 2 * d, z.array(), z.offset(), d);
          z.array()[z.offset() + d] = Float.NaN;
          z.array()[z.offset() + 2 * d] = Float.POSITIVE_INFINITY;
          e[at + d] = Float.NaN;
          e[at + 4 * d] = Float.NEGATIVE_INFINITY;
          int[] index = new int[5];
          Tensor asFloat = f.integers("index", 5);
          Tensor distance = f.output("distance", Tolerance.ELEMENT, 5);
          return k -> {
            k.codebook().nearest(z, codebook, index, distance);
            asFloats(index, asFloat);
          };
        });
  }

  private static KernelCase lookup(Sizes s) {
    return KernelCase.of(
        "codebook.lookup",
        s.toString(),
        f -> {
          Tensor codebook = f.input("codebook", s.j, s.d);
          int[] index = indices(s);
          Tensor out = f.output("out", Tolerance.EXACT, s.r, s.d);
          return k -> k.codebook().lookup(codebook, index, out);
        });
  }

  private static double[] sumTerms(Sizes s, double start) {
    double[] terms = new double[s.j * s.d];
    Arrays.fill(terms, start);
    for (int entry : indices(s)) {
      for (int i = 0; i < s.d; i++) {
        terms[entry * s.d + i] += 5;
      }
    }
    return terms;
  }

  private static KernelCase lookupBackward(Sizes s) {
    return KernelCase.of(
        "codebook.lookupBackward",
        s.toString(),
        f -> {
          Tensor dOut = f.input("dOut", s.r, s.d);
          int[] index = indices(s);
          Tensor d = f.accumulated("dCodebook", Tolerance.sum(sumTerms(s, 6)), s.j, s.d);
          return k -> k.codebook().lookupBackward(index, dOut, d);
        });
  }

  private static KernelCase usage(Sizes s) {
    return KernelCase.of(
        "codebook.usage",
        s.toString(),
        f -> {
          Tensor z = f.input("z", s.r, s.d);
          int[] index = indices(s);
          Tensor counts = f.output("counts", Tolerance.EXACT, s.j);
          Tensor sums = f.output("sums", Tolerance.sum(sumTerms(s, 0)), s.j, s.d);
          return k -> k.codebook().usage(index, z, counts, sums);
        });
  }

  /** Very many equal terms, whose rounding errors do not cancel. */
  private static KernelCase allOfOneEntry() {
    return KernelCase.of(
        "codebook.usage",
        "all of one entry",
        f -> {
          int rows = 200_003;
          Tensor z = f.uniform("z", 0.1, 0.1, rows, 2);
          Tensor counts = f.output("counts", Tolerance.EXACT, 3);
          Tensor sums = f.output("sums", new Tolerance(0, 1e-6), 3, 2);
          return k -> k.codebook().usage(new int[rows], z, counts, sums);
        });
  }

  private static KernelCase average(Sizes s) {
    return KernelCase.of(
        "codebook.movingAverage",
        s.toString(),
        f -> {
          Tensor counts = f.uniform("counts", 0, 5, s.j);
          Tensor sums = f.input("sums", s.j, s.d);
          Tensor averageCounts = f.accumulated("averageCounts", Tolerance.ELEMENT, s.j);
          Tensor averageSums = f.accumulated("averageSums", Tolerance.ELEMENT, s.j, s.d);
          Tensor codebook = f.output("codebook", Tolerance.GRADIENT, s.j, s.d);
          for (int j = 0; j < s.j; j++) {
            averageCounts.array()[averageCounts.offset() + j] = 0.5f + j % 7; // counts are positive
          }
          return k ->
              k.codebook()
                  .movingAverage(counts, sums, 0.9f, 1e-5f, averageCounts, averageSums, codebook);
        });
  }

  @Override
  public List<GradCase> gradients() {
    return List.of(new GradCase("codebook.lookupBackward", "", CodebookCases::lookupCheck));
  }

  private static void lookupCheck() {
    int[] index = {2, 0, 2, 1};
    double[] g = GradCheck.random(1, 4 * 3, 1);
    double[] codebook = GradCheck.random(2, 4 * 3, 1);
    GradCheck.check(
        "codebook",
        codebook,
        CodebookReference.scatter(index, g, 4, 3),
        e -> {
          double sum = 0;
          for (int i = 0; i < g.length; i++) {
            sum += g[i] * e[index[i / 3] * 3 + i % 3];
          }
          return sum;
        });
  }
}
