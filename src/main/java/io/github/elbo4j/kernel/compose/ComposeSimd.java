package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link ComposeKernels} on vectors: each hook hands its arguments to a task of its thread. */
public final class ComposeSimd extends ComposeKernels {
  @Override
  protected void doAddScaled(Tensor x, float weight, @Nullable Tensor factor, Tensor y) {
    float by = factor == null ? 1f : factor.array()[factor.offset()];
    ElementTask.addScaled(x, weight * by, y);
  }

  @Override
  protected void doAddProduct(Tensor a, Tensor b, Tensor y) {
    ElementTask.addProduct(a, b, y);
  }

  @Override
  protected void doAddColumns(Tensor from, int fromColumn, Tensor to, int toColumn, int count) {
    ColumnsTask.forward(from, fromColumn, to, toColumn, count);
  }

  @Override
  protected void doAddColumnsBackward(
      Tensor dTo, int toColumn, Tensor dFrom, int fromColumn, int count) {
    ColumnsTask.backward(dTo, toColumn, dFrom, fromColumn, count);
  }

  @Override
  protected void doAddRowSums(Tensor x, Tensor y) {
    RowSumsTask.forward(x, y);
  }

  @Override
  protected void doAddRowSumsBackward(Tensor dy, Tensor dx) {
    RowSumsTask.backward(dy, dx);
  }

  @Override
  protected void doMergeGaussians(
      Tensor mu1, Tensor logVar1, Tensor mu2, Tensor logVar2, Tensor mu, Tensor logVar) {
    MergeTask.of(mu1, logVar1, mu2, logVar2).forward(mu, logVar);
  }

  @Override
  protected void doMergeGaussiansBackward(
      Tensor mu1,
      Tensor logVar1,
      Tensor mu2,
      Tensor logVar2,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogVar,
      @Nullable Tensor dMu1,
      @Nullable Tensor dLogVar1,
      @Nullable Tensor dMu2,
      @Nullable Tensor dLogVar2) {
    MergeTask.of(mu1, logVar1, mu2, logVar2).backward(dMu, dLogVar, dMu1, dLogVar1, dMu2, dLogVar2);
  }

  @Override
  protected void doCovariancePenalty(Tensor mu, float lambdaOff, float lambdaDiag, Tensor out) {
    double term = CovariancePenalty.forward(mu, lambdaOff, lambdaDiag);
    out.array()[out.offset()] = (float) (out.array()[out.offset()] + term);
  }

  @Override
  protected void doCovariancePenaltyBackward(
      Tensor mu, float lambdaOff, float lambdaDiag, Tensor dOut, Tensor dMu) {
    CovariancePenalty.backward(mu, lambdaOff, lambdaDiag, dOut.array()[dOut.offset()], dMu);
  }

  @Override
  protected void doShuffleColumns(Tensor z, NoiseKey noise, Tensor out) {
    ShuffleTask.shuffle(z, noise, out);
  }
}
