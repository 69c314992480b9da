package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@code factor·( weightA·a + weightB·b + weightC·c )}; b and c are there or not. */
final class CombinationNode extends Node {
  private Var a = new Var();
  private float weightA;
  private @Nullable Var b;
  private float weightB;
  private @Nullable Var c;
  private float weightC;
  private @Nullable Tensor factor;
  final Var out = new Var();

  void set(
      Var first,
      float weightFirst,
      @Nullable Var second,
      float weightSecond,
      @Nullable Var third,
      float weightThird,
      @Nullable Tensor common) {
    a = first;
    weightA = weightFirst;
    b = second;
    weightB = weightSecond;
    c = third;
    weightC = weightThird;
    factor = common;
  }

  /** Adds the terms to what was filled with zeros. */
  void forward(Backend kernels, Tensor to) {
    add(kernels, a.value(), weightA, to);
    add(kernels, b == null ? null : b.value(), weightB, to);
    add(kernels, c == null ? null : c.value(), weightC, to);
  }

  @Override
  protected boolean reached() {
    return out.needsGradient() && !out.untouched();
  }

  @Override
  protected void backward(Backend kernels) {
    Tensor g = out.gradient();
    add(kernels, g, weightA, a.gradient());
    add(kernels, g, weightB, b == null ? null : b.gradient());
    add(kernels, g, weightC, c == null ? null : c.gradient());
  }

  /** {@code to += weight·factor·from}, where both are given. */
  private void add(Backend kernels, @Nullable Tensor from, float weight, @Nullable Tensor to) {
    if (from != null && to != null) {
      kernels.compose().addScaled(from, weight, factor, to);
    }
  }
}
