package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.FamilyCases;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.GradCase;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link ImportanceKernels}. */
public final class ImportanceCases implements FamilyCases {
  private static final int L = SimdMath.L;
  private static final float[] ALPHAS = {
    0, 0.5f, 0.9f, 0.99999f, 1, 1.2f, 2, -50, 50, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY
  };

  /** The logarithms of a fit's float32 sums, and their differences. */
  private static final Tolerance FIT = new Tolerance(3e-5, 1e-4);

  private record Size(int b, int k) {}

  private static List<Size> sizes() {
    List<Size> list = new ArrayList<>();
    for (int k : new int[] {1, 5, L - 1, L, L + 1, 50, 8 * L + 3, 255, 256, 257, 1000}) {
      list.add(new Size(7, k));
    }
    list.add(new Size(67, 50)); // more rows than a group
    list.add(new Size(130, 3));
    list.add(new Size(0, 20));
    list.add(new Size(2, 5003));
    list.add(new Size(1, 100_003));
    return list;
  }

  @Override
  public List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    for (Size s : sizes()) {
      for (float alpha : ALPHAS) {
        boolean hot = s.b == 67 && (alpha == 0 || alpha == 0.9f);
        cases.add(heated(bound(s, alpha, 3, true), hot));
        for (int chunk : new int[] {1, 77, 600}) {
          boolean few =
              alpha == 0 || alpha == 0.9f || alpha == 1; // the rest: ImportancePropertiesTest
          if (few && (s.k <= 1000 || chunk == 600)) {
            boolean hotPush = hot && chunk == 77 && alpha == 0;
            cases.add(heated(stream("importance.push", s, alpha, chunk), hotPush));
          }
        }
      }
      cases.add(bound(s, 0, 4000, false));
      cases.add(heated(stream("importance.finish", s, 0, s.k), s.b == 67));
      cases.add(heated(backward(s), s.b == 67));
      cases.add(heated(doubly(s, 0, 20), s.b == 67));
      cases.add(doubly(s, -0.5f, 1));
      cases.add(doubly(s, Float.NEGATIVE_INFINITY, 3));
      if (s.k <= 1000) {
        cases.add(heated(tail(s, true), s.b == 67));
        cases.add(tail(s, false));
      }
    }
    cases.add(tail(new Size(2, 5003), true));
    cases.add(heated(bound(new Size(7, 257), 1, 3, true), true));
    return cases;
  }

  private static KernelCase heated(KernelCase c, boolean hot) {
    return hot ? c.asHot() : c;
  }

  private static Tensor logW(Fixture f, Size s, double spread) {
    return f.uniform("logW", -100 - spread, -100 + spread, s.b, s.k);
  }

  private static KernelCase bound(Size s, float alpha, double spread, boolean all) {
    return KernelCase.of(
        "importance.bound",
        s + " alpha " + alpha + " spread " + spread + (all ? " all" : ""),
        f -> {
          Tensor logW = logW(f, s, spread);
          Tensor bound = f.output("bound", Tolerance.ELEMENT, s.b);
          Tensor weights = all ? f.output("weights", Tolerance.ELEMENT, s.b, s.k) : null;
          Tensor ess = all ? f.output("ess", Tolerance.GRADIENT, s.b) : null;
          return k -> k.importance().bound(logW, alpha, bound, weights, ess);
        });
  }

  private static KernelCase stream(String hook, Size s, float alpha, int chunk) {
    return KernelCase.of(
        hook,
        s + " alpha " + alpha + " by " + chunk,
        f -> {
          List<Tensor> chunks = new ArrayList<>();
          for (int done = 0; done < s.k; done += chunk) {
            int n = Math.min(chunk, s.k - done);
            chunks.add(f.uniform("logW" + done, -100 - done % 9, -95, s.b, n));
          }
          Tensor bound = f.output("bound", Tolerance.ELEMENT, s.b);
          Tensor ess = f.output("ess", Tolerance.GRADIENT, s.b);
          BoundStream stream = new BoundStream(s.b, alpha);
          return k -> {
            stream.reset();
            for (int i = 0; i < chunks.size(); i++) {
              k.importance().push(stream, chunks.get(i));
            }
            k.importance().finish(stream, bound, ess);
          };
        });
  }

  private static KernelCase backward(Size s) {
    return KernelCase.of(
        "importance.boundBackward",
        s.toString(),
        f -> {
          Tensor weights = f.uniform("weights", 0, 1, s.b, s.k);
          Tensor g = f.input("g", s.b);
          Tensor dLogW = f.accumulated("dLogW", Tolerance.ELEMENT, s.b, s.k);
          return k -> k.importance().boundBackward(weights, g, dLogW);
        });
  }

  private static KernelCase doubly(Size s, float alpha, int d) {
    return KernelCase.of(
        "importance.doublyReparameterizedBackward",
        s + " alpha " + alpha + " d " + d,
        f -> {
          Tensor weights = f.uniform("weights", 0, 1, s.b * s.k);
          Tensor g = f.input("g", s.b * s.k, d);
          Tensor dz = f.accumulated("dz", Tolerance.ELEMENT, s.b * s.k, d);
          return k -> k.importance().doublyReparameterizedBackward(weights, alpha, g, dz);
        });
  }

  private static KernelCase tail(Size s, boolean smooth) {
    return KernelCase.of(
        "importance.tailIndex",
        s + (smooth ? " smoothed" : ""),
        f -> {
          Tensor logW = f.input("logW", s.b, s.k);
          for (int i = 0; i < logW.size(); i++) { // heavier tails from row to row
            logW.array()[logW.offset() + i] *= 0.5f + i / s.k % 5;
          }
          Tensor kHat = f.output("kHat", FIT, s.b);
          Tensor smoothed = smooth ? f.output("smoothed", FIT, s.b, s.k) : null;
          return k -> k.importance().tailIndex(logW, kHat, smoothed);
        });
  }

  // ---- gradient checks of the reference ----

  @Override
  public List<GradCase> gradients() {
    List<GradCase> cases = new ArrayList<>();
    for (double alpha : new double[] {-50, -1, 0, 0.5, 0.999, 1, 2, 50}) {
      cases.add(new GradCase("importance.boundBackward", "alpha " + alpha, () -> check(alpha)));
      cases.add(
          new GradCase(
              "importance.doublyReparameterizedBackward",
              "alpha " + alpha,
              () -> checkDoubly(alpha)));
    }
    return cases;
  }

  private static void check(double alpha) {
    int k = 7;
    double[] logW = GradCheck.random(1, 4 * k, Math.abs(alpha) > 10 ? 0.05 : 1);
    double[] g = GradCheck.random(2, 4, 1);
    double[] w = ImportanceReference.weights(logW, k, alpha);
    GradCheck.check(
        "dLogW",
        logW,
        ImportanceReference.boundBackward(w, g, k),
        x -> GradCheck.dot(g, ImportanceReference.bound(x, k, alpha)));
  }

  /**
   * What Tucker et al. start from: with logW moved by a common path derivative p, the first term is
   * w̃·p and the score term takes p·∂w̃/∂logW away. So w̃ times the factor is the derivative of Σ_k
   * p_k·(w̃_k(fixed)·x_k − w̃_k(x_k alone moved)).
   */
  private static void checkDoubly(double alpha) {
    int k = 5;
    double[] logW = GradCheck.random(3, 2 * k, Math.abs(alpha) > 10 ? 0.05 : 1);
    double[] p = GradCheck.random(4, 2 * k, 1);
    double[] w = ImportanceReference.weights(logW, k, alpha);
    double[] arrived = new double[p.length];
    for (int i = 0; i < p.length; i++) {
      arrived[i] = p[i] * w[i];
    }
    GradCheck.check(
        "dz",
        logW,
        ImportanceReference.doublyReparameterized(w, alpha, arrived, 1),
        x -> {
          double sum = 0;
          for (int i = 0; i < x.length; i++) {
            double[] moved = logW.clone();
            moved[i] = x[i];
            sum += p[i] * (w[i] * x[i] - ImportanceReference.weights(moved, k, alpha)[i]);
          }
          return sum;
        });
  }
}
