package io.github.elbo4j.kernel.divergence;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link CorrelationKernels} on a device: cuda/correlation.cu. */
public final class CorrelationCuda extends CorrelationKernels {
  private final Cuda cuda;
  private final CudaKernel logDensities;
  private final CudaKernel backwardSamples;
  private final CudaKernel backwardPosteriors;

  public CorrelationCuda(Cuda cuda) {
    this.cuda = cuda;
    logDensities = cuda.kernel("correlation", "correlation_log_densities");
    backwardSamples = cuda.kernel("correlation", "correlation_backward_samples");
    backwardPosteriors = cuda.kernel("correlation", "correlation_backward_posteriors");
  }

  /** Passes log W of any posterior, of a sample's own and of the next, and whether they differ. */
  private static void passWeights(DeviceCall call, int points, long examples, Weighting weighting) {
    boolean stratified = weighting == Weighting.STRATIFIED;
    call.pass((float) logWeight(points, examples, weighting));
    call.pass(stratified ? (float) logWeightOfOwn(examples) : 0f);
    call.pass(stratified ? (float) logWeightOfNext(points, examples) : 0f).pass(stratified);
  }

  private static void passSizes(DeviceCall call, Tensor z, Tensor mu) {
    call.pass(z.rows()).pass(mu.rows()).pass(mu.columns());
  }

  @Override
  protected void doLogDensities(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor logQ,
      Tensor logQPerDim) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(z)).pass(call.in(mu)).pass(call.in(logVar));
    passWeights(call, mu.rows(), examples, weighting);
    call.pass(call.out(logQ)).pass(call.out(logQPerDim));
    passSizes(call, z, mu);
    call.launch(logDensities, z.rows(), THREADS, 0);
    call.end();
  }

  @Override
  protected void doLogDensitiesBackward(
      Tensor z,
      Tensor mu,
      Tensor logVar,
      long examples,
      Weighting weighting,
      Tensor logQ,
      Tensor logQPerDim,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogQPerDim,
      Tensor dZ,
      Tensor dMu,
      Tensor dLogVar) {
    DeviceCall call = cuda.begin();
    long[] read = {
      call.in(z),
      call.in(mu),
      call.in(logVar),
      call.in(logQ),
      call.in(logQPerDim),
      call.in(dLogQ),
      call.in(dLogQPerDim)
    };
    passRead(call, read, mu.rows(), examples, weighting);
    call.pass(call.inOut(dZ));
    passSizes(call, z, mu);
    call.launch(backwardSamples, z.rows(), THREADS, 0);
    passRead(call, read, mu.rows(), examples, weighting);
    call.pass(call.inOut(dMu)).pass(call.inOut(dLogVar));
    passSizes(call, z, mu);
    call.launch(backwardPosteriors, mu.rows(), THREADS, 0);
    call.end();
  }

  private static void passRead(
      DeviceCall call, long[] addresses, int points, long examples, Weighting weighting) {
    for (long address : addresses) {
      call.pass(address);
    }
    passWeights(call, points, examples, weighting);
  }
}
