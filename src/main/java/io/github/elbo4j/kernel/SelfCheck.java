package io.github.elbo4j.kernel;

import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.kernel.optim.AdamStep;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;

/**
 * Compares a backend with the double reference on this machine: every hook, on ragged shapes. Tests
 * of the project do far more; this is what a user can run where a machine or a JDK is in doubt.
 */
public final class SelfCheck {
  /**
   * |a − b| &lt;= 2e-5 + 2e-4·|b|: the tolerances of the kernel contract with room for sums of a
   * few hundred terms.
   */
  private static final double ABSOLUTE = 2e-5;

  private static final double RELATIVE = 2e-4;

  private static final int B = 13;
  private static final int K = 3;
  private static final int D = 19;
  private static final int N = 83;

  /**
   * One comparison.
   *
   * @param kernel family and method
   * @param worst largest error in units of its bound; NaN where a value was no number
   * @param passed whether it is within
   */
  public record Finding(String kernel, double worst, boolean passed) {}

  /** The arguments of one comparison; what is written is compared. */
  private static final class Arguments {
    private final SplittableRandom random;
    private final List<Tensor> outputs = new ArrayList<>();

    Arguments(long seed) {
      random = new SplittableRandom(seed);
    }

    Tensor normal(int... dims) {
      Tensor t = Tensor.zeros(dims);
      for (int i = 0; i < t.size(); i++) {
        t.array()[i] = (float) random.nextGaussian();
      }
      return t;
    }

    Tensor positive(int... dims) {
      Tensor t = normal(dims);
      for (int i = 0; i < t.size(); i++) {
        t.array()[i] = Math.abs(t.array()[i]);
      }
      return t;
    }

    ByteTensor bytes(int rows, int columns) {
      byte[] b = new byte[rows * columns];
      random.nextBytes(b);
      return new ByteTensor(b, 0, rows, columns);
    }

    Tensor out(int... dims) {
      Tensor t = normal(dims);
      outputs.add(t);
      return t;
    }

    Tensor compared(Tensor t) {
      outputs.add(t);
      return t;
    }
  }

  private SelfCheck() {}

  /**
   * Runs every comparison.
   *
   * @param seed of the arguments
   */
  public static List<Finding> run(Backend backend, long seed) {
    List<Finding> findings = new ArrayList<>();
    NoiseKey key = new NoiseKey(seed, 7).at(3);
    check(findings, backend, seed, "memory", SelfCheck::memory);
    check(findings, backend, seed, "random.bits", (k, a) -> bits(k, a, key));
    check(
        findings,
        backend,
        seed,
        "random.uniform",
        (k, a) -> k.random().uniform(key, 5, a.out(1001)));
    check(
        findings, backend, seed, "random.normal", (k, a) -> k.random().normal(key, 5, a.out(1001)));
    check(findings, backend, seed, "pixels", SelfCheck::pixels);
    check(findings, backend, seed, "gaussian.reparameterize", SelfCheck::gaussian);
    check(findings, backend, seed, "gaussian.klToPrior", SelfCheck::prior);
    check(findings, backend, seed, "gaussian.clampLogVar", SelfCheck::clamp);
    check(findings, backend, seed, "likelihood.bernoulli", SelfCheck::bernoulli);
    for (int[] logVar : new int[][] {{1}, {N}, {B * K, N}}) {
      String name = "likelihood.gaussian logVar " + Shape.of(logVar);
      check(findings, backend, seed, name, (k, a) -> gaussianLikelihood(k, a, logVar));
    }
    for (Activation f : Activation.values()) {
      check(findings, backend, seed, "dense " + f, (k, a) -> dense(k, a, f));
    }
    check(findings, backend, seed, "dense.gemm", SelfCheck::gemm);
    check(findings, backend, seed, "reduce", SelfCheck::reduce);
    check(findings, backend, seed, "optim.adam", SelfCheck::adam);
    check(findings, backend, seed, "optim.polyak", SelfCheck::polyak);
    return findings;
  }

  private static void check(
      List<Finding> findings,
      Backend backend,
      long seed,
      String name,
      BiConsumer<Backend, Arguments> call) {
    Arguments mine = new Arguments(seed);
    Arguments law = new Arguments(seed);
    call.accept(backend, mine);
    call.accept(Backends.reference(), law);
    double worst = 0;
    for (int o = 0; o < mine.outputs.size(); o++) {
      float[] got = mine.outputs.get(o).toArray();
      float[] wanted = law.outputs.get(o).toArray();
      for (int i = 0; i < got.length; i++) {
        double error = Math.abs((double) got[i] - wanted[i]);
        worst = Math.max(worst, error / (ABSOLUTE + RELATIVE * Math.abs(wanted[i])));
      }
    }
    findings.add(new Finding(name, worst, worst <= 1)); // a NaN compares false
  }

  private static void memory(Backend k, Arguments a) {
    Tensor x = a.out(N);
    Tensor y = a.out(N);
    k.memory().swap(x, y);
    k.memory().copy(x, a.out(N));
    k.memory().fill(a.out(N), 0.5f);
  }

  /** A word as its four bytes, so that a float32 holds it and no tolerance hides a bit. */
  private static void bits(Backend k, Arguments a, NoiseKey key) {
    int[] words = new int[N];
    k.random().bits(key, 5, words, 0, N);
    Tensor out = a.out(N, 4);
    for (int i = 0; i < out.size(); i++) {
      out.array()[i] = (words[i / 4] >>> (8 * (i % 4))) & 255;
    }
  }

  private static void pixels(Backend k, Arguments a) {
    ByteTensor x = a.bytes(B, N);
    k.pixels().scale(x, a.out(B, N));
    k.pixels().binarize(new NoiseKey(1, 2).at(4), 0, x, a.out(B, N));
  }

  private static void gaussian(Backend k, Arguments a) {
    Tensor mu = a.normal(B, D);
    Tensor logVar = a.normal(B, D);
    Tensor z = a.out(B * K, D);
    NoiseKey noise = new NoiseKey(9, 1).at(2);
    k.gaussian()
        .reparameterize(mu, logVar, noise, z, a.out(B), a.out(B, D), a.out(B * K), a.out(B * K));
    k.gaussian()
        .reparameterizeBackward(
            mu,
            logVar,
            z,
            a.normal(B * K, D),
            a.normal(B),
            a.normal(B, D),
            a.normal(B * K),
            a.normal(B * K),
            true,
            a.out(B, D),
            a.out(B, D));
    Tensor kl = a.out(B);
    k.gaussian().reparameterize(mu, logVar, a.normal(B, D), a.out(B, D), kl, null, null, null);
  }

  private static void clamp(Backend k, Arguments a) {
    Tensor raw = a.normal(B, D);
    k.gaussian().clampLogVar(raw, -1, 1, a.out(B, D));
    k.gaussian().clampLogVarBackward(raw, -1, 1, a.normal(B, D), a.out(B, D));
  }

  private static void prior(Backend k, Arguments a) {
    Tensor mu = a.normal(B, D);
    Tensor logVar = a.normal(B, D);
    Tensor priorMu = a.normal(1, D);
    Tensor priorLogVar = a.normal(1, D);
    k.gaussian().klToPrior(mu, logVar, priorMu, priorLogVar, a.out(B), a.out(B, D));
    k.gaussian()
        .klToPriorBackward(
            mu,
            logVar,
            priorMu,
            priorLogVar,
            a.normal(B),
            a.normal(B, D),
            a.out(B, D),
            a.out(B, D),
            a.out(1, D),
            a.out(1, D));
  }

  private static void bernoulli(Backend k, Arguments a) {
    Tensor logits = a.normal(B * K, N);
    ByteTensor x = a.bytes(B, N);
    Tensor g = a.normal(B * K);
    NoiseKey draws = new NoiseKey(3, 3).at(1);
    k.likelihood().bernoulli(logits, x, a.out(B * K));
    k.likelihood().bernoulli(logits, x, draws, a.out(B * K));
    k.likelihood().bernoulliBackward(logits, x, draws, g, a.out(B * K, N));
    Tensor probabilities = Tensor.zeros(B, N);
    k.pixels().scale(x, probabilities);
    k.likelihood().bernoulli(logits, probabilities, a.out(B * K));
    k.likelihood().bernoulliBackward(logits, probabilities, g, a.out(B * K, N));
  }

  private static void gaussianLikelihood(Backend k, Arguments a, int[] shape) {
    Tensor mean = a.normal(B * K, N);
    Tensor x = a.normal(B, N);
    ByteTensor pixels = a.bytes(B, N);
    Tensor logVar = a.normal(shape);
    Tensor g = a.positive(B * K); // a sum over rows must not cancel
    k.likelihood().gaussian(mean, x, logVar, a.out(B * K));
    k.likelihood().gaussianBackward(mean, x, logVar, g, a.out(B * K, N), a.out(shape));
    k.likelihood().gaussian(mean, pixels, logVar, a.out(B * K));
    k.likelihood().gaussianBackward(mean, pixels, logVar, g, a.out(B * K, N), a.out(shape));
  }

  private static void gemm(Backend k, Arguments a) {
    for (boolean transposeA : new boolean[] {false, true}) {
      for (boolean transposeB : new boolean[] {false, true}) {
        Tensor x = transposeA ? a.normal(D, B) : a.normal(B, D);
        Tensor w = transposeB ? a.normal(N, D) : a.normal(D, N);
        k.dense().gemm(x, transposeA, w, transposeB, false, a.out(B, N));
        k.dense().gemm(x, transposeA, w, transposeB, true, a.out(B, N));
      }
    }
  }

  private static void dense(Backend k, Arguments a, Activation f) {
    Tensor x = a.normal(B, N);
    Tensor w = a.normal(N, D);
    Tensor bias = a.normal(D);
    Tensor pre = f.needsPre() ? Tensor.zeros(B, D) : null;
    Tensor y = a.out(B, D);
    Tensor dY = a.compared(a.normal(B, D));
    k.dense().forward(x, w, bias, f, pre, y);
    k.dense().backward(x, w, f, pre, y, dY, dY, true, a.out(B, N), true, a.out(N, D), a.out(D));
  }

  private static void reduce(Backend k, Arguments a) {
    Tensor x = a.normal(B, D);
    k.reduce().addSum(x, 0.5f, a.out(1));
    k.reduce().addSumBackward(a.normal(1), 0.5f, a.out(B, D));
    k.reduce().freeBits(x, 0.1f, 2f, a.out(1));
    k.reduce().freeBitsBackward(x, 0.1f, 2f, a.normal(1), a.out(B, D));
  }

  private static void adam(Backend k, Arguments a) {
    Tensor m = a.out(N);
    Tensor v = a.compared(Tensor.zeros(N));
    v.fill(0.5f);
    k.optim().adam(a.out(N), a.out(N), m, v, null, new AdamStep(1e-2));
    Tensor norm = a.out(1);
    k.optim().squaredNorm(m, norm);
    k.optim().clipScale(norm, 1f, a.out(1));
  }

  private static void polyak(Backend k, Arguments a) {
    k.optim().polyak(a.out(N), a.normal(N), 0.9f);
  }
}
