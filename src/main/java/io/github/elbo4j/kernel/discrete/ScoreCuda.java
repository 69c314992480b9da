package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.kernel.cuda.SampleSums;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link ScoreKernels} on a device: cuda/score.cu. */
public final class ScoreCuda extends ScoreKernels {
  private final Cuda cuda;
  private final RowKernel gaussianLogProb;
  private final RowKernel gaussianLogProbBackward;
  private final RowKernel bernoulliLogProb;
  private final RowKernel bernoulliLogProbBackward;
  private final RowKernel leaveOneOut;
  private final RowKernel vimco;
  private final RowKernel controlVariate;
  private final ColumnSums sums;

  public ScoreCuda(Cuda cuda) {
    this.cuda = cuda;
    gaussianLogProb = rows("gaussian_log_prob");
    gaussianLogProbBackward = rows("gaussian_log_prob_backward");
    bernoulliLogProb = rows("bernoulli_log_prob");
    bernoulliLogProbBackward = rows("bernoulli_log_prob_backward");
    leaveOneOut = rows("leave_one_out");
    vimco = rows("vimco");
    controlVariate = rows("control_variate");
    sums = new ColumnSums(cuda);
  }

  private RowKernel rows(String hook) {
    return cuda.rows("score", "score_" + hook);
  }

  private static int samples(Tensor parameters, Tensor x) {
    return parameters.rows() == 0 ? 1 : x.rows() / parameters.rows();
  }

  private static void passSizes(DeviceCall call, Tensor parameters, Tensor x) {
    call.pass(parameters.rows()).pass(samples(parameters, x)).pass(x.columns());
  }

  private static SampleSums sums(
      DeviceCall call, Tensor parameters, Tensor x, @Nullable Tensor gradient) {
    int k = samples(parameters, x);
    return new SampleSums(call, parameters.rows(), k, x.columns(), gradient, null);
  }

  @Override
  protected void doGaussianLogProb(Tensor z, Tensor mu, Tensor logVar, Tensor logQ) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(z)).pass(call.in(mu)).pass(call.in(logVar)).pass(call.out(logQ));
    passSizes(call, mu, z);
    call.launchRows(gaussianLogProb, z.rows(), z.columns());
    call.end();
  }

  @Override
  protected void doGaussianLogProbBackward(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      Tensor dLogQ,
      @Nullable Tensor dZ,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogVar) {
    DeviceCall call = cuda.begin();
    SampleSums toMu = sums(call, mu, z, dMu);
    SampleSums toLogVar = sums(call, mu, z, dLogVar);
    call.pass(call.in(z)).pass(call.in(mu)).pass(call.in(logVar)).pass(call.in(dLogQ));
    call.pass(call.inOut(dZ)).pass(toMu.part()).pass(toLogVar.part());
    passSizes(call, mu, z);
    toMu.passChunks();
    call.launchRows(gaussianLogProbBackward, toMu.rows(), z.columns());
    toMu.addUp(sums);
    toLogVar.addUp(sums);
    call.end();
  }

  @Override
  protected void doBernoulliLogProb(Tensor x, Tensor logits, Tensor logQ) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(x)).pass(call.in(logits)).pass(call.out(logQ));
    passSizes(call, logits, x);
    call.launchRows(bernoulliLogProb, x.rows(), x.columns());
    call.end();
  }

  @Override
  protected void doBernoulliLogProbBackward(Tensor x, Tensor logits, Tensor dLogQ, Tensor dLogits) {
    DeviceCall call = cuda.begin();
    SampleSums to = sums(call, logits, x, dLogits);
    call.pass(call.in(x)).pass(call.in(logits)).pass(call.in(dLogQ)).pass(to.part());
    passSizes(call, logits, x);
    to.passChunks();
    call.launchRows(bernoulliLogProbBackward, to.rows(), x.columns());
    to.addUp(sums);
    call.end();
  }

  @Override
  protected void doLeaveOneOut(Tensor f, Tensor baseline) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(f)).pass(call.out(baseline)).pass(f.rows()).pass(f.columns());
    call.launchRows(leaveOneOut, f.rows(), f.columns());
    call.end();
  }

  @Override
  protected void doVimco(Tensor logW, @Nullable Tensor bound, Tensor signal) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(logW)).pass(call.out(bound)).pass(call.out(signal));
    call.pass(logW.rows()).pass(logW.columns());
    call.launchRows(vimco, logW.rows(), logW.columns());
    call.end();
  }

  @Override
  protected void doControlVariate(
      Tensor f, Tensor h, Tensor coefficient, @Nullable Tensor controlled) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(f)).pass(call.in(h)).pass(call.out(coefficient)).pass(call.out(controlled));
    call.pass(f.rows()).pass(f.columns()).launchRows(controlVariate, f.rows(), f.columns());
    call.end();
  }
}
