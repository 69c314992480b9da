package io.github.elbo4j.kernel.covariance;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link CovarianceKernels} on a device: cuda/covariance.cu. */
public final class CovarianceCuda extends CovarianceKernels {
  /** Most partial sums of a shared second Gaussian's gradient. */
  private static final long MOST_PARTS = 128;

  private final Cuda cuda;
  private final TriangularKernel reparameterize;
  private final TriangularKernel reparameterizeBackward;
  private final TriangularKernel logDensity;
  private final TriangularKernel logDensityBackward;
  private final TriangularKernel kl;
  private final TriangularKernel klBackward;
  private final ColumnSums columnSums;

  public CovarianceCuda(Cuda cuda) {
    this.cuda = cuda;
    reparameterize = kernel("reparameterize");
    reparameterizeBackward = kernel("reparameterize_backward");
    logDensity = kernel("log_density");
    logDensityBackward = kernel("log_density_backward");
    kl = kernel("kl");
    klBackward = kernel("kl_backward");
    columnSums = new ColumnSums(cuda);
  }

  private TriangularKernel kernel(String name) {
    return new TriangularKernel(cuda, "covariance", "covariance_" + name);
  }

  private static long samples(Tensor rows, Tensor mu) {
    return mu.rows() == 0 ? 1 : rows.rows() / mu.rows();
  }

  /** The samples' noise: its address, and what names it where that is 0. */
  private static void passNoise(
      DeviceCall call, @Nullable Tensor eps, @Nullable NoiseKey noise) {
    call.pass(call.in(eps));
    if (noise != null) {
      call.pass(noise);
    } else {
      call.pass(0L).pass(0).pass(0).pass(0L);
    }
  }

  @Override
  protected void doReparameterize(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      @Nullable Tensor eps,
      @Nullable NoiseKey noise,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    DeviceCall call = cuda.begin();
    int d = mu.columns();
    long k = samples(z, mu);
    call.pass(call.in(mu)).pass(call.in(logSigma)).pass(call.in(lower));
    passNoise(call, eps, noise);
    call.pass(call.out(z)).pass(call.out(kl)).pass(call.out(logQ)).pass(call.out(logP));
    call.pass(mu.rows()).pass(k).pass(d);
    reparameterize.launchSplit(call, mu.rows(), d, k);
    call.end();
  }

  @Override
  protected void doReparameterizeBackward(
      Tensor mu,
      Tensor logSigma,
      Tensor lower,
      @Nullable Tensor eps,
      @Nullable NoiseKey noise,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogSigma,
      Tensor dLower) {
    DeviceCall call = cuda.begin();
    int d = mu.columns();
    long k = samples(z, mu);
    call.pass(call.in(mu)).pass(call.in(logSigma)).pass(call.in(lower));
    passNoise(call, eps, noise);
    call.pass(call.in(z)).pass(call.in(dz)).pass(call.in(dKl)).pass(call.in(dLogQ));
    call.pass(call.in(dLogP)).pass(stickTheLanding);
    call.pass(call.inOut(dMu)).pass(call.inOut(dLogSigma)).pass(call.inOut(dLower));
    call.pass(mu.rows()).pass(k).pass(d);
    reparameterizeBackward.launch(call, mu.rows(), d, k);
    call.end();
  }

  @Override
  protected void doLogDensity(
      Tensor x, Tensor mu, @Nullable Tensor logSigma, Tensor lower, Tensor logProb) {
    DeviceCall call = cuda.begin();
    int d = mu.columns();
    long k = samples(x, mu);
    call.pass(call.in(x)).pass(call.in(mu)).pass(call.in(logSigma)).pass(call.in(lower));
    call.pass(call.out(logProb)).pass(mu.rows()).pass(k).pass(d);
    logDensity.launchSplit(call, mu.rows(), d, k);
    call.end();
  }

  @Override
  protected void doLogDensityBackward(
      Tensor x,
      Tensor mu,
      @Nullable Tensor logSigma,
      Tensor lower,
      Tensor dLogProb,
      @Nullable Tensor dX,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogSigma,
      @Nullable Tensor dLower) {
    DeviceCall call = cuda.begin();
    int d = mu.columns();
    long k = samples(x, mu);
    call.pass(call.in(x)).pass(call.in(mu)).pass(call.in(logSigma)).pass(call.in(lower));
    call.pass(call.in(dLogProb)).pass(call.inOut(dX)).pass(call.inOut(dMu));
    call.pass(call.inOut(dLogSigma)).pass(call.inOut(dLower));
    call.pass(mu.rows()).pass(k).pass(d);
    logDensityBackward.launch(call, mu.rows(), d, k);
    call.end();
  }

  @Override
  protected void doKl(Tensor mu1, Tensor factor1, Tensor mu2, Tensor factor2, Tensor out) {
    DeviceCall call = cuda.begin();
    int d = mu1.columns();
    call.pass(call.in(mu1)).pass(call.in(factor1)).pass(call.in(mu2)).pass(call.in(factor2));
    call.pass(shared(mu1, mu2)).pass(call.out(out)).pass(mu1.rows()).pass(d);
    kl.launch(call, mu1.rows(), d, d + 1L);
    call.end();
  }

  private static boolean shared(Tensor mu1, Tensor mu2) {
    return mu2.rows() != mu1.rows();
  }

  @Override
  protected void doKlBackward(
      Tensor mu1,
      Tensor factor1,
      Tensor mu2,
      Tensor factor2,
      Tensor dKl,
      Tensor dMu1,
      Tensor dFactor1,
      @Nullable Tensor dMu2,
      @Nullable Tensor dFactor2) {
    DeviceCall call = cuda.begin();
    int d = mu1.columns();
    long b = mu1.rows();
    boolean summed = shared(mu1, mu2) && dMu2 != null;
    long most = summed ? Math.min(b, MOST_PARTS) : klBackward.blocks(b, d);
    long per = most == 0 ? 1 : (b + most - 1) / most;
    long blocks = (b + per - 1) / per;
    long toMu2 = call.inOut(dMu2);
    long toFactor2 = call.inOut(dFactor2);
    long partMu2 = summed ? call.scratch(blocks * d * Float.BYTES) : toMu2;
    long partFactor2 = summed ? call.scratch(blocks * d * d * Float.BYTES) : toFactor2;
    call.pass(call.in(mu1)).pass(call.in(factor1)).pass(call.in(mu2)).pass(call.in(factor2));
    call.pass(shared(mu1, mu2)).pass(call.in(dKl));
    call.pass(call.inOut(dMu1)).pass(call.inOut(dFactor1)).pass(partMu2).pass(partFactor2);
    call.pass(b).pass(d).pass(per);
    klBackward.launchGrid(call, blocks, 1, d, d + 1L);
    if (summed) {
      columnSums.addTo(call, partMu2, blocks, d, toMu2);
      columnSums.addTo(call, partFactor2, blocks, (long) d * d, toFactor2);
    }
    call.end();
  }
}
