package io.github.elbo4j.bench.kernel.optim;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.optim.AdamStep;
import io.github.elbo4j.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Adam and its company over a flat buffer of parameters. */
public class OptimBenchmark extends KernelBenchmark {
  /** A decaying moment is renewed before it becomes denormal, which would be another benchmark. */
  private static final int RENEWAL = 256;

  /** Parameters: 652,824 are those of the classic VAE. */
  @Param({"50000", "652824"})
  public String shape = "";

  private final AdamStep step = new AdamStep(1e-3);
  Tensor parameters;
  Tensor gradients;
  Tensor m;
  Tensor v;
  Tensor average;
  Tensor scalar;
  Tensor scale;
  private Tensor laterMoment;
  private int calls;

  @Override
  protected void prepare(Numbers numbers) {
    int n = Integer.parseInt(shape);
    parameters = numbers.normal(n);
    gradients = numbers.normal(n);
    laterMoment = numbers.normal(n);
    m = Tensor.zeros(n);
    v = Tensor.zeros(n);
    average = numbers.normal(n);
    scalar = numbers.uniform(1);
    scale = Tensor.zeros(1);
  }

  @Override
  protected Work work(String benchmark) {
    Work w = Work.of(parameters.size());
    return switch (benchmark) {
      case "adam" -> w.updates(parameters, gradients, m, v);
      case "squaredNorm" -> w.reads(gradients).writes(scalar);
      case "clipScale" -> Work.of(1).reads(scalar).writes(scale);
      case "polyak" -> w.reads(parameters).updates(average);
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  /** Gradients are 0 after the first call, which costs the same. */
  @Benchmark
  @Covers("optim.adam")
  public Tensor adam() {
    if (++calls % RENEWAL == 0) {
      k.memory().copy(laterMoment, m);
    }
    k.optim().adam(parameters, gradients, m, v, null, step);
    return parameters;
  }

  @Benchmark
  @Covers("optim.squaredNorm")
  public Tensor squaredNorm() {
    k.optim().squaredNorm(gradients, scalar);
    return scalar;
  }

  @Benchmark
  @Covers("optim.clipScale")
  public Tensor clipScale() {
    k.optim().clipScale(scalar, 0.1f, scale);
    return scale;
  }

  @Benchmark
  @Covers("optim.polyak")
  public Tensor polyak() {
    k.optim().polyak(average, parameters, 0.999f);
    return average;
  }
}
