package io.github.elbo4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AdamTest {
  private static final int STEPS = 50;
  private static final Backend KERNELS = Backends.simd();

  static List<Backend> backends() {
    return List.of(Backends.reference(), Backends.simd());
  }

  private static Parameters parameters() {
    return Parameters.builder()
        .add("bias", 1, 7, Initializer.uniform(1))
        .add("weight", 5, 7, Initializer.normal(1))
        .build(3);
  }

  /** Gradients of one step, for the 35 weights and then the 7 biases. */
  private static double[] gradient(SplittableRandom random) {
    double[] g = new double[42];
    for (int i = 0; i < g.length; i++) {
      g[i] = (float) (random.nextGaussian() * (i % 3 == 0 ? 10 : 0.1));
    }
    return g;
  }

  private static void accumulate(Parameters p, double[] g) {
    for (int i = 0; i < g.length; i++) {
      Tensor t = p.gradient(i < 35 ? "weight" : "bias");
      t.array()[t.offset() + i % 35] += (float) g[i];
    }
  }

  private static double[] values(Parameters p) {
    double[] x = new double[42];
    for (int i = 0; i < x.length; i++) {
      x[i] = p.value(i < 35 ? "weight" : "bias").get(i % 35);
    }
    return x;
  }

  /** The whole optimiser against a plain loop in double, written from the papers. */
  @ParameterizedTest
  @MethodSource("backends")
  void fiftyStepsOfEverything(Backend kernels) {
    Parameters p = parameters();
    double[] x = values(p);
    double[] average = x.clone();
    double[] m = new double[42];
    double[] v = new double[42];
    java.util.Arrays.fill(v, 1);
    Adam adam =
        Adam.builder(p)
            .learningRate(0.02)
            .betas(0.8, 0.97)
            .epsilon(1e-3)
            .weightDecay(0.1)
            .initialSecondMoment(1)
            .schedule(Schedule.parse("warmup:5+steps:2e=0.5"), 10)
            .clipNorm(30)
            .average(0.9)
            .build();
    SplittableRandom random = new SplittableRandom(11);
    int clipped = 0;
    for (int t = 1; t <= STEPS; t++) {
      double[] g = gradient(random);
      double norm = 0;
      for (double value : g) {
        norm += value * value;
      }
      norm = Math.sqrt(norm);
      clipped += norm > 30 ? 1 : 0;
      double lr = 0.02 * Math.min(1, t / 5.0) * (t > 20 ? 0.5 : 1);
      for (int i = 0; i < 42; i++) {
        double gi = norm > 30 ? g[i] * 30 / norm : g[i];
        m[i] = 0.8 * m[i] + 0.2 * gi;
        v[i] = 0.97 * v[i] + 0.03 * gi * gi;
        double mHat = m[i] / (1 - Math.pow(0.8, t));
        double vHat = v[i] / (1 - Math.pow(0.97, t));
        double decay = i < 35 ? lr * 0.1 * x[i] : 0;
        x[i] = x[i] - lr * mHat / (Math.sqrt(vHat) + 1e-3) - decay;
        average[i] = 0.9 * average[i] + 0.1 * x[i];
      }
      assertThat(adam.nextLearningRate()).isCloseTo(lr, within(1e-12));
      accumulate(p, g);
      adam.step(kernels);
      assertThat(adam.lastGradientNorm().getAsDouble()).isCloseTo(norm, within(1e-4));
      assertThat(adam.steps()).isEqualTo(t);
      assertThat(p.gradients().toArray()).containsOnly(0f);
      assertThat(values(p)).containsExactly(x, within(3e-7 * t + 1e-6));
    }
    assertThat(clipped).as("steps that were clipped").isBetween(5, STEPS - 5);
    assertThat(paddingOf(p)).containsOnly(0f);
    adam.swapAverage(KERNELS);
    assertThat(values(p)).containsExactly(average, within(2e-5));
    assertThat(paddingOf(p)).containsOnly(0f);
    assertThatIllegalStateException().isThrownBy(() -> adam.step(kernels));
    adam.swapAverage(KERNELS);
    assertThat(values(p)).containsExactly(x, within(2e-5));
  }

  /** 35 weights fill 48 elements, 7 biases 16. */
  private static float[] paddingOf(Parameters p) {
    float[] padding = new float[13 + 9];
    for (int i = 0; i < padding.length; i++) {
      padding[i] = p.values().get(i < 13 ? 35 + i : 48 + 7 + i - 13);
    }
    return padding;
  }

  /** A quadratic: the minimum is found. */
  @ParameterizedTest
  @MethodSource("backends")
  void findsAMinimum(Backend kernels) {
    Parameters p = parameters();
    Adam adam = Adam.builder(p).learningRate(0.1).schedule(Schedule.parse("cosine:400"), 1).build();
    for (int t = 0; t < 400; t++) {
      double[] g = values(p);
      for (int i = 0; i < g.length; i++) {
        g[i] = (g[i] - i % 7) * (1 + i);
      }
      accumulate(p, g);
      adam.step(kernels);
    }
    double[] x = values(p);
    for (int i = 0; i < x.length; i++) {
      assertThat(x[i]).isCloseTo(i % 7, within(0.05));
    }
    assertThat(adam.lastGradientNorm()).isEmpty();
  }

  /** State written into a fresh optimiser goes on with the same bits. */
  @Test
  void resumesToTheBit() {
    Backend kernels = Backends.simd();
    Parameters whole = parameters();
    Adam straight = resumable(whole);
    SplittableRandom random = new SplittableRandom(1);
    Parameters second = parameters();
    Adam resumed = resumable(second);
    for (int t = 0; t < 20; t++) {
      if (t == 10) {
        System.arraycopy(whole.values().array(), 0, second.values().array(), 0, 64);
        straight.state().forEach((name, from) -> copy(from, resumed.state().get(name)));
        resumed.resume(straight.steps());
      }
      double[] g = gradient(random);
      accumulate(whole, g);
      straight.step(kernels);
      if (t >= 10) {
        accumulate(second, g);
        resumed.step(kernels);
      }
    }
    assertThat(second.values().toArray()).isEqualTo(whole.values().toArray());
    straight.swapAverage(KERNELS);
    resumed.swapAverage(KERNELS);
    assertThat(second.values().toArray()).isEqualTo(whole.values().toArray());
    assertThat(straight.state().keySet())
        .containsExactly(
            "adam.m.bias",
            "adam.m.weight",
            "adam.v.bias",
            "adam.v.weight",
            "average.bias",
            "average.weight");
  }

  private static Adam resumable(Parameters p) {
    return Adam.builder(p).schedule(Schedule.parse("warmup:15"), 1).average(0.8).build();
  }

  private static void copy(Tensor from, @Nullable Tensor given) {
    Tensor to = Objects.requireNonNull(given);
    System.arraycopy(from.toArray(), 0, to.array(), to.offset(), from.size());
  }

  @Test
  @Tag("allocation")
  void stepAllocatesNothing() {
    Parameters p = Parameters.builder().add("w", 301, 203, Initializer.normal(1)).build(1);
    Adam adam =
        Adam.builder(p)
            .schedule(Schedule.parse("warmup:5+steps:1e=0.5,2e=0.1+cosine:100e"), 1000)
            .clipNorm(1)
            .average(0.999)
            .build();
    Backend kernels = Backends.simd();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long bytes = Long.MAX_VALUE;
    // Compilation happens in the background, late on a busy machine.
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (bytes > 0 && System.nanoTime() < deadline) {
      for (long end = System.nanoTime() + 150_000_000; System.nanoTime() < end; ) {
        adam.step(kernels);
      }
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 200; i++) {
        p.gradients().array()[i] = 1;
        adam.step(kernels);
      }
      bytes = threads.getCurrentThreadAllocatedBytes() - before;
    }
    assertThat(bytes).isZero();
  }

  @Test
  void mistakesAreNamed() {
    Adam.Builder b = Adam.builder(parameters());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> b.clipNorm(-1))
        .withMessage("Adam: clipNorm -1.0 must be finite and > 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> b.average(1))
        .withMessage("Adam: average decay 1.0 must be in (0,1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> b.initialSecondMoment(Float.NaN))
        .withMessage("Adam: initialSecondMoment NaN must be finite and >= 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> b.schedule(Schedule.constant(), 0))
        .withMessage("Adam: stepsPerEpoch 0 must be >= 1");
    assertThatIllegalArgumentException().isThrownBy(() -> b.betas(1, 0.9).build());
    Adam adam = Adam.builder(parameters()).build();
    assertThatIllegalStateException().isThrownBy(() -> adam.swapAverage(KERNELS));
    assertThatIllegalArgumentException().isThrownBy(() -> adam.resume(-1));
  }
}
