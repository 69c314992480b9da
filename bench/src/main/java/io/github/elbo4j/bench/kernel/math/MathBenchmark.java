package io.github.elbo4j.bench.kernel.math;

import io.github.elbo4j.bench.kernel.AtLeast;
import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.SimdSpecial;
import io.github.elbo4j.tensor.Tensor;
import java.util.function.DoubleUnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** The array functions that kernels are made of: not hooks, so they cover none. */
public class MathBenchmark extends KernelBenchmark {
  /** Elements. */
  @Param("16384")
  public String shape = "";

  Tensor any;
  Tensor positive;
  Tensor inside;
  Tensor out;

  @Override
  protected void prepare(Numbers numbers) {
    int n = Integer.parseInt(shape);
    any = numbers.normal(n);
    positive = numbers.uniform(n);
    inside = numbers.uniform(n);
    for (int i = 0; i < n; i++) {
      positive.array()[i] = 1e-3f + 4 * positive.array()[i];
      inside.array()[i] = 1.98f * inside.array()[i] - 0.99f;
    }
    out = Tensor.zeros(n);
  }

  @Override
  protected Work work(String benchmark) {
    return Work.of(out.size()).reads(argument(benchmark)).writes(out);
  }

  /** What a function is called with: all of them have another domain. */
  Tensor argument(String function) {
    return switch (function) {
      case "log", "log1p", "lgamma" -> positive;
      case "erfinv" -> inside;
      default -> any;
    };
  }

  @FunctionalInterface
  private interface ArrayFunction {
    void apply(float[] a, int aFrom, float[] out, int outFrom, int n);
  }

  private Tensor apply(String name, ArrayFunction fast, DoubleUnaryOperator law) {
    Tensor a = argument(name);
    if (backend.equals("reference")) {
      for (int i = 0; i < a.size(); i++) {
        out.array()[i] = (float) law.applyAsDouble(a.get(i));
      }
    } else {
      fast.apply(a.array(), a.offset(), out.array(), out.offset(), a.size());
    }
    return out;
  }

  @Benchmark
  @Covers({})
  @AtLeast(1.5)
  public Tensor exp() {
    return apply("exp", SimdMath::exp, Math::exp);
  }

  @Benchmark
  @Covers({})
  @AtLeast(2)
  public Tensor log() {
    return apply("log", SimdMath::log, Math::log);
  }

  @Benchmark
  @Covers({})
  @AtLeast(6)
  public Tensor tanh() {
    return apply("tanh", SimdMath::tanh, Math::tanh);
  }

  @Benchmark
  @Covers({})
  public Tensor log1p() {
    return apply("log1p", SimdMath::log1p, Math::log1p);
  }

  @Benchmark
  @Covers({})
  public Tensor expm1() {
    return apply("expm1", SimdMath::expm1, Math::expm1);
  }

  @Benchmark
  @Covers({})
  public Tensor sigmoid() {
    return apply("sigmoid", SimdMath::sigmoid, ReferenceMath::sigmoid);
  }

  @Benchmark
  @Covers({})
  public Tensor softplus() {
    return apply("softplus", SimdMath::softplus, ReferenceMath::softplus);
  }

  @Benchmark
  @Covers({})
  public Tensor sin() {
    return apply("sin", SimdSpecial::sin, Math::sin);
  }

  @Benchmark
  @Covers({})
  public Tensor cos() {
    return apply("cos", SimdSpecial::cos, Math::cos);
  }

  @Benchmark
  @Covers({})
  public Tensor erf() {
    return apply("erf", SimdSpecial::erf, ReferenceMath::erf);
  }

  @Benchmark
  @Covers({})
  public Tensor erfinv() {
    return apply("erfinv", SimdSpecial::erfinv, ReferenceMath::erfinv);
  }

  @Benchmark
  @Covers({})
  public Tensor lgamma() {
    return apply("lgamma", SimdSpecial::lgamma, ReferenceMath::lgamma);
  }
}
