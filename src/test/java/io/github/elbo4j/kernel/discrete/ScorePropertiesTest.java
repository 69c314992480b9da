package io.github.elbo4j.kernel.discrete;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import org.hipparchus.distribution.continuous.NormalDistribution;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold of score-function pieces, by enumeration of binary latents. */
class ScorePropertiesTest {
  private static final int BITS = 2;
  private static final int VALUES = 1 << BITS;
  private static final int SAMPLES = 3;
  private static final int TUPLES = 64; // VALUES^SAMPLES
  private static final float[] LOGITS = {0.7f, -1.3f};

  /** Something to learn from, for each of the values of the latent. */
  private static final float[] F = {1.5f, -2f, 0.3f, 4f};

  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  private static double probability(int bit, int value) {
    double p = 1 / (1 + Math.exp(-LOGITS[bit]));
    return (value >> bit & 1) == 1 ? p : 1 - p;
  }

  private static double probability(int value) {
    return probability(0, value) * probability(1, value);
  }

  /** Sample k of a tuple. */
  private static int value(int tuple, int k) {
    return (tuple >> (BITS * k)) & (VALUES - 1);
  }

  private static double tupleProbability(int tuple) {
    double p = 1;
    for (int k = 0; k < SAMPLES; k++) {
      p *= probability(value(tuple, k));
    }
    return p;
  }

  /** F of each sample of each tuple, [tuples, samples]. */
  private static Tensor values() {
    Tensor f = Tensor.zeros(TUPLES, SAMPLES);
    for (int i = 0; i < f.size(); i++) {
      f.array()[i] = F[value(i / SAMPLES, i % SAMPLES)];
    }
    return f;
  }

  /** The bits of each sample of each tuple, [tuples·samples, bits]. */
  private static Tensor latents() {
    Tensor x = Tensor.zeros(TUPLES * SAMPLES, BITS);
    for (int r = 0; r < x.rows(); r++) {
      for (int bit = 0; bit < BITS; bit++) {
        x.array()[r * BITS + bit] = value(r / SAMPLES, r % SAMPLES) >> bit & 1;
      }
    }
    return x;
  }

  /** E[ Σ_k signal_k·∇log q(x_k) ] over all tuples, by the kernel's backward. */
  private static float[] expectedGradient(Backend k, Tensor signal) {
    Tensor weighted = Tensor.zeros(TUPLES * SAMPLES);
    for (int i = 0; i < weighted.size(); i++) {
      weighted.array()[i] = (float) (tupleProbability(i / SAMPLES) * signal.get(i));
    }
    Tensor dLogits = Tensor.zeros(1, BITS);
    Tensor logits = Tensor.of(LOGITS.clone(), 0, 1, BITS);
    k.score().bernoulliLogProbBackward(latents(), logits, weighted, dLogits);
    return dLogits.toArray();
  }

  /** d/dlogit of Σ_tuples p(tuple)·objective(tuple), from p alone. */
  private static double exactGradient(int bit, double[] objective) {
    double sum = 0;
    for (int tuple = 0; tuple < TUPLES; tuple++) {
      for (int k = 0; k < SAMPLES; k++) {
        int on = value(tuple, k) >> bit & 1;
        double p1 = 1 / (1 + Math.exp(-LOGITS[bit]));
        // d p(bit) / d logit = ± p(1 − p), the other factors stay
        double slope = (on == 1 ? 1 : -1) * p1 * (1 - p1);
        sum +=
            objective[tuple] * tupleProbability(tuple) / probability(bit, value(tuple, k)) * slope;
      }
    }
    return sum;
  }

  @ParameterizedTest
  @MethodSource("backends")
  void leaveOneOutIsUnbiased(Backend k) {
    Tensor f = values();
    Tensor baseline = Tensor.zeros(TUPLES, SAMPLES);
    k.score().leaveOneOut(f, baseline);
    Tensor signal = Tensor.zeros(TUPLES, SAMPLES);
    double[] mean = new double[TUPLES];
    for (int i = 0; i < f.size(); i++) {
      signal.array()[i] = (f.get(i) - baseline.get(i)) / SAMPLES;
      mean[i / SAMPLES] += f.get(i) / SAMPLES;
    }
    float[] got = expectedGradient(k, signal);
    for (int bit = 0; bit < BITS; bit++) {
      assertThat((double) got[bit]).isCloseTo(exactGradient(bit, mean), within(1e-5));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void vimcoIsUnbiasedForItsBound(Backend k) {
    Tensor bound = Tensor.zeros(TUPLES);
    Tensor signal = Tensor.zeros(TUPLES, SAMPLES);
    k.score().vimco(values(), bound, signal);
    double[] exactBound = new double[TUPLES];
    for (int t = 0; t < TUPLES; t++) {
      for (int s = 0; s < SAMPLES; s++) {
        exactBound[t] += Math.exp(F[value(t, s)]) / SAMPLES;
      }
      exactBound[t] = Math.log(exactBound[t]);
      assertThat((double) bound.get(t)).isCloseTo(exactBound[t], within(1e-5));
    }
    float[] got = expectedGradient(k, signal);
    for (int bit = 0; bit < BITS; bit++) {
      assertThat((double) got[bit]).isCloseTo(exactGradient(bit, exactBound), within(1e-5));
    }
  }

  /** The signals are those of the formula, with the geometric mean of the others put in. */
  @ParameterizedTest
  @MethodSource("backends")
  void vimcoPutsTheGeometricMeanInTheSamplesPlace(Backend k) {
    float[] w = {1, 2, 6, 3};
    Tensor logW = Tensor.zeros(1, 4);
    for (int i = 0; i < 4; i++) {
      logW.array()[i] = (float) Math.log(w[i]);
    }
    Tensor signal = Tensor.zeros(1, 4);
    k.score().vimco(logW, null, signal);
    double[] others = {11 + Math.cbrt(36), 10 + Math.cbrt(18), 6 + Math.cbrt(6), 9 + Math.cbrt(12)};
    for (int i = 0; i < 4; i++) {
      assertThat((double) signal.get(i)).isCloseTo(Math.log(12 / others[i]), within(1e-6));
    }
  }

  /** By sampling: the mean of the estimates within four standard errors of the exact gradient. */
  @ParameterizedTest
  @MethodSource("backends")
  void sampledGradientIsUnbiased(Backend k) {
    int rows = 20_000;
    Tensor x = Tensor.zeros(rows, BITS);
    k.random().uniform(new NoiseKey(11, 3), 0, x);
    Tensor signal = Tensor.zeros(rows);
    for (int r = 0; r < rows; r++) {
      int value = 0;
      for (int bit = 0; bit < BITS; bit++) {
        boolean on = x.get(r * BITS + bit) < probability(bit, 1 << bit);
        x.array()[r * BITS + bit] = on ? 1 : 0;
        value |= on ? 1 << bit : 0;
      }
      signal.array()[r] = F[value];
    }
    Tensor logits = Tensor.of(LOGITS.clone(), 0, 1, BITS);
    Tensor perRow = Tensor.zeros(rows, BITS);
    for (int r = 0; r < rows; r++) { // one row a call: its own gradient
      k.score()
          .bernoulliLogProbBackward(
              Tensor.of(x.array(), r * BITS, 1, BITS),
              logits,
              Tensor.of(signal.array(), r, 1),
              Tensor.of(perRow.array(), r * BITS, 1, BITS));
    }
    double[] objective = new double[TUPLES];
    for (int t = 0; t < TUPLES; t++) {
      objective[t] = F[value(t, 0)]; // of one sample; the others integrate out
    }
    for (int bit = 0; bit < BITS; bit++) {
      double mean = 0;
      double squares = 0;
      for (int r = 0; r < rows; r++) {
        double g = perRow.get(r * BITS + bit);
        mean += g / rows;
        squares += g * g / rows;
      }
      double error = Math.sqrt((squares - mean * mean) / rows);
      assertThat(Math.abs(mean - exactGradient(bit, objective)) / error).isLessThan(4);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void probabilitiesOfAllOutcomesAddUpToOne(Backend k) {
    int n = 8;
    Tensor x = Tensor.zeros(1 << n, n);
    for (int i = 0; i < x.size(); i++) {
      x.array()[i] = ((i / n) >> (i % n)) & 1;
    }
    Tensor logits = Tensor.of(new float[] {-3, -1, 0, 0.5f, 1, 2, 5, 30}, 0, 1, n);
    Tensor logQ = Tensor.zeros(1 << n);
    k.score().bernoulliLogProb(x, logits, logQ);
    double sum = 0;
    for (int i = 0; i < logQ.size(); i++) {
      sum += Math.exp(logQ.get(i));
    }
    assertThat(sum).isCloseTo(1, within(1e-5));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void gaussianLogProbIsThatOfAnotherLibrary(Backend k) {
    int d = 37;
    SplittableRandom random = new SplittableRandom(5);
    Tensor z = Tensor.zeros(6, d);
    Tensor mu = Tensor.zeros(3, d);
    Tensor logVar = Tensor.zeros(3, d);
    for (Tensor t : List.of(z, mu, logVar)) {
      for (int i = 0; i < t.size(); i++) {
        t.array()[i] = (float) random.nextGaussian();
      }
    }
    Tensor logQ = Tensor.zeros(6);
    k.score().gaussianLogProb(z, mu, logVar, logQ);
    for (int r = 0; r < 6; r++) {
      double sum = 0;
      for (int i = 0; i < d; i++) {
        int p = r / 2 * d + i;
        sum +=
            new NormalDistribution(mu.get(p), Math.exp(0.5 * logVar.get(p)))
                .logDensity(z.get(r * d + i));
      }
      assertThat((double) logQ.get(r)).isCloseTo(sum, within(1e-4 * Math.abs(sum)));
    }
  }

  /** No other coefficient leaves less variance, and a perfect control variate leaves none. */
  @ParameterizedTest
  @MethodSource("backends")
  void coefficientIsTheBest(Backend k) {
    int n = 40;
    Tensor h = Tensor.zeros(1, n);
    Tensor f = Tensor.zeros(1, n);
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < n; i++) {
      h.array()[i] = (float) random.nextGaussian();
      f.array()[i] = (float) (3 + 1.7 * h.array()[i] + 0.5 * random.nextGaussian());
    }
    Tensor a = Tensor.zeros(1);
    k.score().controlVariate(f, h, a, null);
    double least = variance(f, h, a.get(0));
    assertThat(least).isLessThan(variance(f, h, 0));
    for (double other = -1; other < 4; other += 0.05) {
      assertThat(least).isLessThanOrEqualTo(variance(f, h, other) + 1e-9);
    }
    Tensor line = Tensor.zeros(1, n);
    for (int i = 0; i < n; i++) {
      line.array()[i] = 2 - 3 * h.array()[i];
    }
    Tensor left = Tensor.zeros(1, n);
    k.score().controlVariate(line, h, a, left);
    assertThat(a.get(0)).isCloseTo(-3, within(1e-5f));
    for (int i = 0; i < n; i++) {
      assertThat(left.get(i)).isCloseTo(2, within(1e-4f));
    }
  }

  /** A variate whose mean no float32 is: f = 2048·(h − 4096). */
  @ParameterizedTest
  @MethodSource("backends")
  void aRoundedMeanCostsNothing(Backend k) {
    Tensor f = Tensor.of(new float[] {0, 1}, 0, 1, 2);
    Tensor h = Tensor.of(new float[] {4096, 4096 + 0x1p-11f}, 0, 1, 2);
    Tensor a = Tensor.zeros(1);
    k.score().controlVariate(f, h, a, null);
    assertThat(a.get(0)).isCloseTo(2048, within(0.01f));
  }

  private static double variance(Tensor f, Tensor h, double a) {
    double mean = 0;
    double squares = 0;
    for (int i = 0; i < f.size(); i++) {
      double v = f.get(i) - a * h.get(i);
      mean += v / f.size();
      squares += v * v / f.size();
    }
    return squares - mean * mean;
  }
}
