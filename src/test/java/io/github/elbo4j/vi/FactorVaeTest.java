package io.github.elbo4j.vi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** FactorVAE: who is trained by which term. */
class FactorVaeTest {
  private static final int B = TinyModel.ROWS;
  private static final int D = TinyModel.LATENT;
  private static final String[] ENCODER = {"encoder.", "posterior."};
  private static final String[] DECODER = {"decoder.", "likelihood."};

  private static TinyModel tiny(Backend backend, String objective) {
    return new TinyModel(backend, objective, "pathwise", Annealing.NONE, 0);
  }

  private static double[][] doubles(List<Tensor> tensors) {
    return tensors.stream().map(Doubles::read).toArray(double[][]::new);
  }

  /** The logit of each row: dense layers with rectified units between them. */
  private static double[] logits(double[][] p, double[] z) {
    double[] h = z;
    for (int layer = 0; layer < p.length; layer += 2) {
      double[] w = p[layer];
      double[] b = p[layer + 1];
      int in = w.length / b.length;
      double[] y = new double[h.length / in * b.length];
      for (int r = 0; r < h.length / in; r++) {
        for (int o = 0; o < b.length; o++) {
          double sum = b[o];
          for (int i = 0; i < in; i++) {
            sum += h[r * in + i] * w[i * b.length + o];
          }
          y[r * b.length + o] = layer + 2 < p.length ? Math.max(0, sum) : sum;
        }
      }
      h = y;
    }
    return h;
  }

  private static double discriminatorLoss(double[][] p, double[] z, double[] shuffled) {
    double sum = 0;
    for (double l : logits(p, z)) {
      sum += Math.log1p(Math.exp(-l)) / 2 / B;
    }
    for (double l : logits(p, shuffled)) {
      sum += Math.log1p(Math.exp(l)) / 2 / B;
    }
    return sum;
  }

  private static double[] shuffled(TinyModel tiny) {
    Tensor out = Tensor.zeros(B, D);
    Tensor z = tiny.pass.latent().z().value();
    Backends.reference().compose().shuffleColumns(z, tiny.noise.branch(15), out);
    return Doubles.read(out);
  }

  /** The encoder sees the discriminator's logit alone, and the discriminator as it is. */
  @Test
  void theModelsGradientIsThatOfTheDensityRatio() {
    for (Backend backend : List.of(Backends.reference(), Backends.simd())) {
      TinyModel tiny = tiny(backend, "factor:7");
      int own = tiny.own();
      double[][] discriminator = doubles(tiny.values().subList(own, tiny.values().size()));
      double[] z = Doubles.read(tiny.pass.latent().z().value());
      double constant = discriminatorLoss(discriminator, z, shuffled(tiny));
      DoubleVae vae = tiny.formula(1);
      TapeCheck.compare(
          backend + " factor",
          tiny.loss.value().get(0),
          tiny.values().subList(0, own),
          tiny.gradients().subList(0, own),
          p -> {
            double elbo = vae.loss(p, 1, 0);
            double ratio = Arrays.stream(logits(discriminator, vae.z())).average().orElseThrow();
            return elbo + 7 * ratio + constant;
          });
    }
  }

  /**
   * The discriminator's gradient is that of telling z from its shuffle, along random directions.
   */
  @Test
  void theDiscriminatorsGradientIsThatOfItsLoss() {
    TinyModel tiny = tiny(Backends.simd(), "factor:7");
    int own = tiny.own();
    double[][] p = doubles(tiny.values().subList(own, tiny.values().size()));
    double[][] gradient = doubles(tiny.gradients().subList(own, tiny.gradients().size()));
    double[] z = Doubles.read(tiny.pass.latent().z().value());
    double[] shuffled = shuffled(tiny);
    for (int parameter = 0; parameter < p.length; parameter++) {
      double[] there = p[parameter].clone();
      double[] direction = GradCheck.random(40 + parameter, there.length, 1);
      double h = 1e-5 / Math.sqrt(there.length);
      double[] ends = new double[2];
      for (int end = 0; end < 2; end++) {
        for (int i = 0; i < there.length; i++) {
          p[parameter][i] = there[i] + (end == 0 ? -h : h) * direction[i];
        }
        ends[end] = discriminatorLoss(p, z, shuffled);
      }
      p[parameter] = there;
      double slope = (ends[1] - ends[0]) / (2 * h);
      double analytic = GradCheck.dot(direction, gradient[parameter]);
      assertThat(Arrays.stream(gradient[parameter]).anyMatch(g -> g != 0)).isTrue();
      assertThat(analytic)
          .as("parameter %d", parameter)
          .isCloseTo(slope, within(1e-3 * Math.abs(slope) + 1e-5));
    }
  }

  /**
   * γ = 0 leaves the model the ELBO's gradient, to the bit, and the discriminator's gradient does
   * not depend on γ: neither term reaches the other's parameters.
   */
  @Test
  void theTwoTermsDoNotMeet() {
    TinyModel elbo = tiny(Backends.simd(), "elbo");
    TinyModel none = tiny(Backends.simd(), "factor:0");
    TinyModel strong = tiny(Backends.simd(), "factor:40");
    assertSame(none.gradients(ENCODER), elbo.gradients(ENCODER));
    assertSame(none.gradients(DECODER), elbo.gradients(DECODER));
    assertSame(strong.gradients(DECODER), elbo.gradients(DECODER));
    assertSame(strong.gradients("objective."), none.gradients("objective."));
    List<float[]> moved = new ArrayList<>(strong.gradients(ENCODER));
    for (int i = 0; i < moved.size(); i++) {
      assertThat(moved.get(i)).isNotEqualTo(elbo.gradients(ENCODER).get(i));
    }
  }

  private static void assertSame(List<float[]> a, List<float[]> b) {
    assertThat(a).hasSameSizeAs(b).isNotEmpty();
    for (int i = 0; i < a.size(); i++) {
      assertThat(a.get(i)).usingComparatorWithPrecision(0f).containsExactly(b.get(i));
    }
  }
}
