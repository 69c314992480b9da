package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link DenseKernels} on vectors. The bias is what the product starts from and the activation is
 * applied to each block while it is in cache ({@link Gemm}); backward is one pass for dPre and
 * dBias ({@link ActivationBackward}) and two products.
 */
public final class DenseSimd extends DenseKernels {
  private static final ThreadLocal<ActivationBackward> BACKWARD =
      ThreadLocal.withInitial(ActivationBackward::new);
  private static final ThreadLocal<MaskTask> MASK = ThreadLocal.withInitial(MaskTask::new);
  private static final ThreadLocal<ConditionTask> CONDITION =
      ThreadLocal.withInitial(ConditionTask::new);

  @Override
  protected void doForward(
      Tensor x, Tensor w, @Nullable Tensor bias, Activation f, @Nullable Tensor pre, Tensor y) {
    Tensor c = pre == null ? y : pre;
    Gemm gemm = product(x, false, w, false).c(false, c.array(), c.offset(), c.columns());
    if (bias != null) {
      gemm.bias(bias.array(), bias.offset());
    }
    if (pre != null || f != Activation.NONE) {
      gemm.activation(f, y.array(), y.offset());
    }
    gemm.run(x.rows(), w.columns(), x.columns());
  }

  @Override
  protected void doBackward(
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      boolean accumulateX,
      @Nullable Tensor dX,
      boolean accumulateParameters,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    BACKWARD
        .get()
        .run(f, f.needsPre() && pre != null ? pre : y, dY, dPre, accumulateParameters, dBias);
    if (dX != null) {
      doGemm(dPre, false, w, true, accumulateX, dX);
    }
    if (dW != null) {
      doGemm(x, true, dPre, false, accumulateParameters, dW);
    }
  }

  @Override
  protected void doGemm(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, boolean accumulate, Tensor c) {
    product(a, transposeA, b, transposeB)
        .c(accumulate, c.array(), c.offset(), c.columns())
        .run(c.rows(), c.columns(), transposeA ? a.rows() : a.columns());
  }

  @Override
  protected void doMask(Tensor mask, Tensor w) {
    MASK.get().run(mask, w);
  }

  @Override
  protected void doCondition(Tensor x, Tensor c, Activation f, @Nullable Tensor pre, Tensor y) {
    CONDITION.get().forward(x, c, f, pre, y);
  }

  @Override
  protected void doConditionBackward(
      Activation f, @Nullable Tensor pre, Tensor y, Tensor dY, Tensor dPre, @Nullable Tensor dC) {
    CONDITION.get().backward(f, f.needsPre() && pre != null ? pre : y, dY, dPre, dC);
  }

  private static Gemm product(Tensor a, boolean transposeA, Tensor b, boolean transposeB) {
    return Gemm.get()
        .a(transposeA, a.array(), a.offset(), a.columns())
        .b(transposeB, b.array(), b.offset(), b.columns());
  }
}
