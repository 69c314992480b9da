package io.github.elbo4j.kernel.likelihood;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link FusedLikelihoodKernels} on a device: cuda/fusedlikelihood.cu. */
public final class FusedLikelihoodCuda extends FusedLikelihoodKernels {
  private final Cuda cuda;
  private final CudaKernel noneOutside;
  private final RowKernel bernoulli;
  private final RowKernel bernoulliDrawn;
  private final RowKernel gaussian;

  public FusedLikelihoodCuda(Cuda cuda) {
    this.cuda = cuda;
    noneOutside = cuda.kernel("fusedlikelihood", "fusedlikelihood_none_outside");
    bernoulli = cuda.rows("fusedlikelihood", "fusedlikelihood_bernoulli");
    bernoulliDrawn = cuda.rows("fusedlikelihood", "fusedlikelihood_bernoulli_drawn");
    gaussian = cuda.rows("fusedlikelihood", "fusedlikelihood_gaussian");
  }

  @Override
  protected int doBernoulliWithGradient(
      Tensor logits, Tensor x, Tensor dLogLik, Tensor logLik, Tensor dLogits) {
    DeviceCall call = cuda.begin();
    long found = call.status();
    call.pass(found).launch(noneOutside, 1, 32, 0);
    CudaData.of(call, x).pass(call.pass(call.in(logits))).pass(call.in(dLogLik));
    call.pass(call.out(logLik)).pass(call.inOut(dLogits)).pass(found);
    launch(call, bernoulli, logits, x.rows());
    int index = call.check(found, i -> LikelihoodArguments.outsideUnit("likelihood", x, i));
    call.end();
    return index;
  }

  @Override
  protected void doBernoulliBytesWithGradient(
      Tensor logits,
      ByteTensor x,
      @Nullable NoiseKey binarization,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dLogits) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(logits));
    if (binarization == null) {
      CudaData.of(call, x).pass(call);
    } else {
      call.pass(call.in(x)).pass(binarization);
    }
    call.pass(call.in(dLogLik)).pass(call.out(logLik)).pass(call.inOut(dLogits));
    if (binarization == null) {
      launch(call.pass(0L), bernoulli, logits, x.rows());
    } else {
      launch(call, bernoulliDrawn, logits, x.rows());
    }
    call.end();
  }

  @Override
  protected void doGaussianWithGradient(
      Tensor mean,
      Tensor x,
      Tensor logVar,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dMean,
      Tensor dLogVar) {
    DeviceCall call = cuda.begin();
    gaussian(call, mean, CudaData.of(call, x), logVar, dLogLik, logLik, dMean, dLogVar);
  }

  @Override
  protected void doGaussianBytesWithGradient(
      Tensor mean,
      ByteTensor x,
      Tensor logVar,
      Tensor dLogLik,
      Tensor logLik,
      Tensor dMean,
      Tensor dLogVar) {
    DeviceCall call = cuda.begin();
    gaussian(call, mean, CudaData.of(call, x), logVar, dLogLik, logLik, dMean, dLogVar);
  }

  private void gaussian(
      DeviceCall call,
      Tensor mean,
      CudaData x,
      Tensor logVar,
      Tensor g,
      Tensor logLik,
      Tensor dMean,
      Tensor dLogVar) {
    x.pass(call.pass(call.in(mean))).pass(call.in(logVar)).pass(call.in(g));
    call.pass(call.out(logLik)).pass(call.inOut(dMean)).pass(call.inOut(dLogVar));
    launch(call, gaussian, mean, x.points());
    call.end();
  }

  private static void launch(DeviceCall call, RowKernel kernel, Tensor output, int points) {
    call.pass(output.rows()).pass(LocationCuda.samples(output, points)).pass(output.columns());
    call.launchRows(kernel, output.rows(), output.columns());
  }
}
