package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.ReferenceMath;
import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.kernel.cuda.SampleSums;
import io.github.elbo4j.kernel.cuda.VariableKernel;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link ConcreteKernels} on a device: cuda/concrete.cu and cuda/concrete_binary.cu. */
public final class ConcreteCuda extends ConcreteKernels {
  private final Cuda cuda;
  private final VariableKernel gumbelMax;
  private final VariableKernel sample;
  private final VariableKernel sampleBackward;
  private final VariableKernel logDensity;
  private final VariableKernel logDensityBackward;
  private final VariableKernel conditional;
  private final VariableKernel conditionalBackward;
  private final RowKernel binarySample;
  private final RowKernel binarySampleBackward;
  private final RowKernel binaryLogDensity;
  private final RowKernel binaryLogDensityBackward;
  private final ColumnSums sums;

  public ConcreteCuda(Cuda cuda) {
    this.cuda = cuda;
    gumbelMax = variables("gumbel_max");
    sample = variables("sample");
    sampleBackward = variables("sample_backward");
    logDensity = variables("log_density");
    logDensityBackward = variables("log_density_backward");
    conditional = variables("conditional");
    conditionalBackward = variables("conditional_backward");
    binarySample = binary("sample");
    binarySampleBackward = binary("sample_backward");
    binaryLogDensity = binary("log_density");
    binaryLogDensityBackward = binary("log_density_backward");
    sums = new ColumnSums(cuda);
  }

  private VariableKernel variables(String hook) {
    return VariableKernel.of(cuda, "concrete", "concrete_" + hook);
  }

  private RowKernel binary(String hook) {
    return cuda.rows("concrete_binary", "concrete_binary_" + hook);
  }

  /** Samples a data point. */
  private static int samples(Tensor logAlpha, int rows) {
    return logAlpha.rows() == 0 ? 1 : rows / logAlpha.rows();
  }

  /** Passes b, k, n, c. */
  private static void passSizes(DeviceCall call, Tensor logAlpha, int rows, int categories) {
    call.pass(logAlpha.rows()).pass(samples(logAlpha, rows));
    call.pass(logAlpha.columns() / categories).pass(categories);
  }

  /** log Γ(C) + (C−1) log τ. */
  private static float constant(int categories, float tau) {
    return (float) (ReferenceMath.lgamma(categories) + (categories - 1) * Math.log(tau));
  }

  private static void launch(
      DeviceCall call, VariableKernel kernel, int categories, long rows, Tensor logAlpha) {
    call.launchRows(kernel.of(categories), rows, logAlpha.columns());
  }

  private static SampleSums sums(
      DeviceCall call,
      Tensor logAlpha,
      int rows,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    int k = samples(logAlpha, rows);
    return new SampleSums(call, logAlpha.rows(), k, logAlpha.columns(), dLogAlpha, dTau);
  }

  @Override
  protected void doGumbelMax(
      Tensor logAlpha,
      int categories,
      NoiseKey noise,
      @Nullable Tensor oneHot,
      @Nullable Tensor index) {
    int rows = oneHot != null ? oneHot.rows() : index != null ? index.rows() : 0;
    DeviceCall call = cuda.begin();
    call.pass(call.in(logAlpha)).pass(noise).pass(call.out(oneHot)).pass(call.out(index));
    passSizes(call, logAlpha, rows, categories);
    launch(call, gumbelMax, categories, rows, logAlpha);
    call.end();
  }

  @Override
  protected void doSample(
      Tensor logAlpha,
      int categories,
      float tau,
      NoiseKey noise,
      Tensor logY,
      @Nullable Tensor y,
      @Nullable Tensor oneHot,
      @Nullable Tensor logQ) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(logAlpha)).pass(tau).pass(constant(categories, tau)).pass(noise);
    call.pass(call.out(logY)).pass(call.out(y)).pass(call.out(oneHot)).pass(call.out(logQ));
    passSizes(call, logAlpha, logY.rows(), categories);
    launch(call, sample, categories, logY.rows(), logAlpha);
    call.end();
  }

  @Override
  protected void doSampleBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor logY,
      @Nullable Tensor dLogY,
      @Nullable Tensor dY,
      @Nullable Tensor dLogQ,
      boolean stickTheLanding,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    DeviceCall call = cuda.begin();
    SampleSums to = sums(call, logAlpha, logY.rows(), dLogAlpha, dTau);
    call.pass(call.in(logAlpha)).pass(tau).pass(call.in(logY)).pass(call.in(dLogY));
    call.pass(call.in(dY)).pass(call.in(dLogQ)).pass(stickTheLanding);
    call.pass(to.part()).pass(to.scalarPart());
    passSizes(call, logAlpha, logY.rows(), categories);
    to.passChunks();
    launch(call, sampleBackward, categories, to.rows(), logAlpha);
    to.addUp(sums);
    call.end();
  }

  @Override
  protected void doLogDensity(
      Tensor logAlpha, int categories, float tau, Tensor logY, boolean ofY, Tensor result) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(logAlpha)).pass(tau).pass(constant(categories, tau));
    call.pass(call.in(logY)).pass(ofY).pass(call.out(result));
    passSizes(call, logAlpha, logY.rows(), categories);
    launch(call, logDensity, categories, logY.rows(), logAlpha);
    call.end();
  }

  @Override
  protected void doLogDensityBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor logY,
      boolean ofY,
      Tensor dLogDensity,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dLogY,
      @Nullable Tensor dTau) {
    DeviceCall call = cuda.begin();
    SampleSums to = sums(call, logAlpha, logY.rows(), dLogAlpha, dTau);
    call.pass(call.in(logAlpha)).pass(tau).pass(call.in(logY)).pass(ofY);
    call.pass(call.in(dLogDensity)).pass(to.part()).pass(call.inOut(dLogY)).pass(to.scalarPart());
    passSizes(call, logAlpha, logY.rows(), categories);
    to.passChunks();
    launch(call, logDensityBackward, categories, to.rows(), logAlpha);
    to.addUp(sums);
    call.end();
  }

  @Override
  protected void doConditional(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor index,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor logY) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(logAlpha)).pass(tau).pass(call.in(index)).pass(noise);
    call.pass(call.out(z)).pass(call.out(logY));
    passSizes(call, logAlpha, z.rows(), categories);
    launch(call, conditional, categories, z.rows(), logAlpha);
    call.end();
  }

  @Override
  protected void doConditionalBackward(
      Tensor logAlpha,
      int categories,
      float tau,
      Tensor z,
      @Nullable Tensor logY,
      @Nullable Tensor dz,
      @Nullable Tensor dLogY,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    DeviceCall call = cuda.begin();
    SampleSums to = sums(call, logAlpha, z.rows(), dLogAlpha, dTau);
    call.pass(call.in(logAlpha)).pass(tau).pass(call.in(z)).pass(call.in(logY));
    call.pass(call.in(dz)).pass(call.in(dLogY)).pass(to.part()).pass(to.scalarPart());
    passSizes(call, logAlpha, z.rows(), categories);
    to.passChunks();
    launch(call, conditionalBackward, categories, to.rows(), logAlpha);
    to.addUp(sums);
    call.end();
  }

  /** Passes b, k, n. */
  private static void passBinarySizes(DeviceCall call, Tensor logAlpha, int rows) {
    call.pass(logAlpha.rows()).pass(samples(logAlpha, rows)).pass(logAlpha.columns());
  }

  @Override
  protected void doBinarySample(
      Tensor logAlpha,
      float tau,
      NoiseKey noise,
      Tensor logit,
      @Nullable Tensor y,
      @Nullable Tensor hard,
      @Nullable Tensor logQ) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(logAlpha)).pass(tau).pass(noise).pass(call.out(logit));
    call.pass(call.out(y)).pass(call.out(hard)).pass(call.out(logQ));
    passBinarySizes(call, logAlpha, logit.rows());
    call.launchRows(binarySample, logit.rows(), logit.columns());
    call.end();
  }

  @Override
  protected void doBinarySampleBackward(
      Tensor logAlpha,
      float tau,
      Tensor logit,
      @Nullable Tensor dLogit,
      @Nullable Tensor dY,
      @Nullable Tensor dLogQ,
      boolean stickTheLanding,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dTau) {
    DeviceCall call = cuda.begin();
    SampleSums to = sums(call, logAlpha, logit.rows(), dLogAlpha, dTau);
    call.pass(call.in(logAlpha)).pass(tau).pass(call.in(logit)).pass(call.in(dLogit));
    call.pass(call.in(dY)).pass(call.in(dLogQ)).pass(stickTheLanding);
    call.pass(to.part()).pass(to.scalarPart());
    passBinarySizes(call, logAlpha, logit.rows());
    to.passChunks();
    call.launchRows(binarySampleBackward, to.rows(), logit.columns());
    to.addUp(sums);
    call.end();
  }

  @Override
  protected void doBinaryLogDensity(
      Tensor logAlpha, float tau, Tensor logit, boolean ofY, Tensor result) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(logAlpha)).pass(tau).pass(call.in(logit)).pass(ofY).pass(call.out(result));
    passBinarySizes(call, logAlpha, logit.rows());
    call.launchRows(binaryLogDensity, logit.rows(), logit.columns());
    call.end();
  }

  @Override
  protected void doBinaryLogDensityBackward(
      Tensor logAlpha,
      float tau,
      Tensor logit,
      boolean ofY,
      Tensor dLogDensity,
      @Nullable Tensor dLogAlpha,
      @Nullable Tensor dLogit,
      @Nullable Tensor dTau) {
    DeviceCall call = cuda.begin();
    SampleSums to = sums(call, logAlpha, logit.rows(), dLogAlpha, dTau);
    call.pass(call.in(logAlpha)).pass(tau).pass(call.in(logit)).pass(ofY);
    call.pass(call.in(dLogDensity)).pass(to.part()).pass(call.inOut(dLogit)).pass(to.scalarPart());
    passBinarySizes(call, logAlpha, logit.rows());
    to.passChunks();
    call.launchRows(binaryLogDensityBackward, to.rows(), logit.columns());
    to.addUp(sums);
    call.end();
  }
}
