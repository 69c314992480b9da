package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.KernelCase;
import io.github.elbo4j.testkit.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Cases of the binary Concrete distribution. */
final class BinaryConcreteCases {
  private static final int L = SimdMath.L;

  private BinaryConcreteCases() {}

  private record Sizes(int b, int k, int n) {
    int rows() {
      return b * k;
    }
  }

  static List<KernelCase> parity() {
    List<KernelCase> cases = new ArrayList<>();
    List<Sizes> sizes = new ArrayList<>(List.of(new Sizes(0, 1, 3), new Sizes(1, 300, 9)));
    for (int n : new int[] {0, 1, L - 1, L, L + 1, 8 * L + 3, 97, 5000}) {
      sizes.add(new Sizes(3, 1, n));
      sizes.add(new Sizes(2, 3, n));
    }
    for (Sizes s : sizes) {
      for (boolean all : new boolean[] {false, true}) {
        List<KernelCase> of = new ArrayList<>();
        of.add(sample(s, 0.5f, all));
        of.add(sampleBackward(s, all, false));
        of.add(sampleBackward(s, all, true));
        of.add(logDensity(s, all));
        of.add(logDensityBackward(s, all));
        boolean hot = all && s.n == 97;
        of.forEach(c -> cases.add(hot ? c.asHot() : c));
      }
    }
    cases.add(sample(new Sizes(5, 1, 33), 0.05f, true));
    cases.add(sample(new Sizes(5, 1, 33), 10, true));
    cases.add(edges());
    return cases;
  }

  private static double size(@Nullable Tensor t, int i) {
    return t == null ? 0 : Math.abs(t.get(i));
  }

  private static Tolerance each(int n, double terms) {
    double[] all = new double[n];
    Arrays.fill(all, terms);
    return Tolerance.sum(all);
  }

  private static KernelCase sample(Sizes s, float tau, boolean all) {
    return KernelCase.of(
        "concrete.binarySample",
        s + " tau " + tau + (all ? " all outputs" : " logit"),
        f -> {
          int r = s.rows();
          Tensor logAlpha = f.input("logAlpha", s.b, s.n);
          Tolerance relaxed = each(r * s.n, 25 / tau);
          Tensor logit = f.output("logit", relaxed, r, s.n);
          Tensor y = all ? f.output("y", relaxed, r, s.n) : null;
          Tensor hard = all ? f.output("hard", Tolerance.EXACT, r, s.n) : null;
          Tensor logQ = all ? f.output("logQ", each(r, 25.0 * s.n), r) : null;
          return k ->
              k.concrete().binarySample(logAlpha, tau, ConcreteCases.NOISE, logit, y, hard, logQ);
        });
  }

  /** Tolerances of dLogAlpha and dTau from bounds on what one element adds to them. */
  private static Tolerance points(Sizes s, double[] perElement) {
    double[] terms = new double[s.b * s.n];
    Arrays.fill(terms, ConcreteCases.START);
    for (int i = 0; i < perElement.length; i++) {
      terms[i / s.n / s.k * s.n + i % s.n] += perElement[i];
    }
    return Tolerance.sum(terms);
  }

  private static Tolerance total(double[] perElement, Tensor logit, double perTau) {
    double sum = ConcreteCases.START + perTau;
    for (int i = 0; i < perElement.length; i++) {
      sum += perElement[i] * size(logit, i);
    }
    return Tolerance.sum(new double[] {sum});
  }

  private static KernelCase sampleBackward(Sizes s, boolean all, boolean stl) {
    return KernelCase.of(
        "concrete.binarySampleBackward",
        s + (all ? " all gradients" : " dY and dLogQ") + (stl ? " stl" : ""),
        f -> {
          float tau = 0.6f;
          int r = s.rows();
          Tensor logAlpha = f.input("logAlpha", s.b, s.n);
          Tensor logit = f.input("logit", r, s.n);
          Tensor dLogit = all ? f.input("dLogit", r, s.n) : null;
          Tensor dY = f.input("dY", r, s.n);
          Tensor dLogQ = f.input("dLogQ", r);
          double[] g = new double[logit.size()];
          double perTau = 0;
          for (int i = 0; i < g.length; i++) {
            double q = size(dLogQ, i / s.n);
            g[i] = (size(dLogit, i) + size(dY, i) + (stl ? 3 * tau * q : 0)) / tau;
            perTau += q / tau;
          }
          Tensor dLogAlpha = f.accumulated("dLogAlpha", points(s, g), s.b, s.n);
          Tensor dTau = all ? f.accumulated("dTau", total(g, logit, perTau), 1) : null;
          return k ->
              k.concrete()
                  .binarySampleBackward(
                      logAlpha, tau, logit, dLogit, dY, dLogQ, stl, dLogAlpha, dTau);
        });
  }

  private static KernelCase logDensity(Sizes s, boolean ofY) {
    return KernelCase.of(
        "concrete.binaryLogDensity",
        s + (ofY ? " of y" : " of the logit"),
        f -> {
          Tensor logAlpha = f.input("logAlpha", s.b, s.n);
          Tensor logit = f.input("logit", s.rows(), s.n);
          Tensor out = f.output("logDensity", each(s.rows(), 25.0 * s.n), s.rows());
          return k -> k.concrete().binaryLogDensity(logAlpha, 1.3f, logit, ofY, out);
        });
  }

  private static KernelCase logDensityBackward(Sizes s, boolean all) {
    return KernelCase.of(
        "concrete.binaryLogDensityBackward",
        s + (all ? " all gradients" : " dLogit"),
        f -> {
          float tau = 1.3f;
          Tensor logAlpha = f.input("logAlpha", s.b, s.n);
          Tensor logit = f.input("logit", s.rows(), s.n);
          Tensor up = f.input("dLogDensity", s.rows());
          double[] g = new double[logit.size()];
          double[] toSample = new double[g.length];
          double perTau = 0;
          for (int i = 0; i < g.length; i++) {
            g[i] = 3 * size(up, i / s.n);
            toSample[i] = ConcreteCases.START + 2 * tau * g[i];
            perTau += g[i];
          }
          Tensor dLogAlpha = all ? f.accumulated("dLogAlpha", points(s, g), s.b, s.n) : null;
          Tensor dLogit = f.accumulated("dLogit", Tolerance.sum(toSample), s.rows(), s.n);
          Tensor dTau = all ? f.accumulated("dTau", total(g, logit, perTau), 1) : null;
          return k ->
              k.concrete()
                  .binaryLogDensityBackward(logAlpha, tau, logit, all, up, dLogAlpha, dLogit, dTau);
        });
  }

  private static KernelCase edges() {
    float inf = Float.POSITIVE_INFINITY;
    float[] logits = {0, inf, -inf, Float.NaN, 1e4f, -1e4f};
    return KernelCase.of(
        "concrete.binarySample",
        "infinite and NaN logits",
        f -> {
          Tensor logAlpha = f.input("logAlpha", 6, 1);
          System.arraycopy(logits, 0, logAlpha.array(), logAlpha.offset(), logits.length);
          Tensor logit = f.output("logit", Tolerance.ELEMENT, 6, 1);
          Tensor y = f.output("y", Tolerance.ELEMENT, 6, 1);
          Tensor hard = f.output("hard", Tolerance.EXACT, 6, 1);
          Tensor logQ = f.output("logQ", Tolerance.ELEMENT, 6);
          Tensor again = f.output("again", Tolerance.ELEMENT, 6);
          Tensor shared = Tensor.zeros(1, 1);
          return k -> {
            k.concrete().binarySample(logAlpha, 1, ConcreteCases.NOISE, logit, y, hard, logQ);
            k.concrete().binaryLogDensity(shared, 1, logit, false, again);
          };
        });
  }
}
