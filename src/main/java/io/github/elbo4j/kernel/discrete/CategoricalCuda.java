package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.kernel.cuda.SampleSums;
import io.github.elbo4j.kernel.cuda.VariableKernel;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link CategoricalKernels} on a device: cuda/categorical.cu. */
public final class CategoricalCuda extends CategoricalKernels {
  private final Cuda cuda;
  private final VariableKernel logProb;
  private final VariableKernel logProbBackward;
  private final VariableKernel entropy;
  private final VariableKernel entropyBackward;
  private final VariableKernel kl;
  private final VariableKernel klBackward;
  private final VariableKernel marginalize;
  private final RowKernel marginalizeBackward;
  private final ColumnSums sums;

  public CategoricalCuda(Cuda cuda) {
    this.cuda = cuda;
    logProb = variables("log_prob");
    logProbBackward = variables("log_prob_backward");
    entropy = variables("entropy");
    entropyBackward = variables("entropy_backward");
    kl = variables("kl");
    klBackward = variables("kl_backward");
    marginalize = variables("marginalize");
    marginalizeBackward = cuda.rows("categorical", "categorical_marginalize_backward");
    sums = new ColumnSums(cuda);
  }

  private VariableKernel variables(String hook) {
    return VariableKernel.of(cuda, "categorical", "categorical_" + hook);
  }

  private static int samples(int points, int rows) {
    return points == 0 ? 1 : rows / points;
  }

  /** Passes b, k, n, c. */
  private static void passSizes(DeviceCall call, int points, int rows, int columns, int c) {
    call.pass(points).pass(samples(points, rows)).pass(columns / c).pass(c);
  }

  private static SampleSums sums(
      DeviceCall call, int points, int rows, int columns, @Nullable Tensor gradient) {
    return new SampleSums(call, points, samples(points, rows), columns, gradient, null);
  }

  /** −log C. */
  private static float uniform(int categories) {
    return (float) -Math.log(categories);
  }

  @Override
  protected void doLogProb(
      Tensor logits,
      int categories,
      @Nullable Tensor index,
      @Nullable Tensor weights,
      Tensor result) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(logits)).pass(call.in(index)).pass(call.in(weights)).pass(call.out(result));
    passSizes(call, logits.rows(), result.size(), logits.columns(), categories);
    call.launchRows(logProb.of(categories), result.size(), logits.columns());
    call.end();
  }

  @Override
  protected void doLogProbBackward(
      Tensor logits,
      int categories,
      @Nullable Tensor index,
      @Nullable Tensor weights,
      Tensor dLogProb,
      @Nullable Tensor dLogits,
      @Nullable Tensor dWeights) {
    int rows = dLogProb.size();
    int columns = logits.columns();
    DeviceCall call = cuda.begin();
    SampleSums to = sums(call, logits.rows(), rows, columns, dLogits);
    call.pass(call.in(logits)).pass(call.in(index)).pass(call.in(weights)).pass(call.in(dLogProb));
    call.pass(to.part()).pass(call.inOut(dWeights));
    passSizes(call, logits.rows(), rows, columns, categories);
    to.passChunks();
    call.launchRows(logProbBackward.of(categories), to.rows(), columns);
    to.addUp(sums);
    call.end();
  }

  @Override
  protected void doEntropy(Tensor logits, int categories, Tensor result) {
    int columns = logits.columns();
    DeviceCall call = cuda.begin();
    call.pass(call.in(logits)).pass(call.out(result)).pass(logits.rows());
    call.pass(columns / categories).pass(categories);
    call.launchRows(entropy.of(categories), logits.rows(), columns);
    call.end();
  }

  @Override
  protected void doEntropyBackward(Tensor logits, int categories, Tensor dEntropy, Tensor dLogits) {
    int columns = logits.columns();
    DeviceCall call = cuda.begin();
    call.pass(call.in(logits)).pass(call.in(dEntropy)).pass(call.inOut(dLogits));
    call.pass(logits.rows()).pass(columns / categories).pass(categories);
    call.launchRows(entropyBackward.of(categories), logits.rows(), columns);
    call.end();
  }

  @Override
  protected void doKl(Tensor logits, int categories, @Nullable Tensor priorLogits, Tensor result) {
    int points = priorLogits == null ? logits.rows() : priorLogits.rows();
    DeviceCall call = cuda.begin();
    call.pass(call.in(logits)).pass(call.in(priorLogits)).pass(uniform(categories));
    call.pass(call.out(result));
    passSizes(call, points, logits.rows(), logits.columns(), categories);
    call.launchRows(kl.of(categories), logits.rows(), logits.columns());
    call.end();
  }

  @Override
  protected void doKlBackward(
      Tensor logits,
      int categories,
      @Nullable Tensor priorLogits,
      Tensor dKl,
      @Nullable Tensor dLogits,
      @Nullable Tensor dPriorLogits) {
    int points = priorLogits == null ? logits.rows() : priorLogits.rows();
    int columns = logits.columns();
    DeviceCall call = cuda.begin();
    SampleSums to = sums(call, points, logits.rows(), columns, dPriorLogits);
    call.pass(call.in(logits)).pass(call.in(priorLogits)).pass(uniform(categories));
    call.pass(call.in(dKl)).pass(call.inOut(dLogits)).pass(to.part());
    passSizes(call, points, logits.rows(), columns, categories);
    to.passChunks();
    call.launchRows(klBackward.of(categories), to.rows(), columns);
    to.addUp(sums);
    call.end();
  }

  @Override
  protected void doMarginalize(
      Tensor logPi, int categories, Tensor f, Tensor logSum, @Nullable Tensor responsibilities) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(logPi)).pass(call.in(f)).pass(call.out(logSum));
    call.pass(call.out(responsibilities));
    passSizes(call, logPi.rows(), f.rows(), f.columns(), categories);
    call.launchRows(marginalize.of(categories), f.rows(), f.columns());
    call.end();
  }

  @Override
  protected void doMarginalizeBackward(
      Tensor responsibilities,
      int categories,
      Tensor dLogSum,
      @Nullable Tensor dLogPi,
      @Nullable Tensor dF) {
    int rows = responsibilities.rows();
    int columns = responsibilities.columns();
    int points = dLogPi == null ? rows : dLogPi.rows();
    DeviceCall call = cuda.begin();
    SampleSums to = sums(call, points, rows, columns, dLogPi);
    call.pass(call.in(responsibilities)).pass(call.in(dLogSum)).pass(to.part());
    call.pass(call.inOut(dF));
    passSizes(call, points, rows, columns, categories);
    to.passChunks();
    call.launchRows(marginalizeBackward, to.rows(), columns);
    to.addUp(sums);
    call.end();
  }
}
