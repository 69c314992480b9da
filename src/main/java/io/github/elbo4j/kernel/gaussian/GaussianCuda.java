package io.github.elbo4j.kernel.gaussian;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link GaussianKernels} on a device: cuda/gaussian.cu. */
public final class GaussianCuda extends GaussianKernels {
  private final Cuda cuda;
  private final RowKernel reparameterize;
  private final RowKernel reparameterizeDrawn;
  private final RowKernel reparameterizeBackward;
  private final RowKernel klToPrior;
  private final CudaKernel klToPriorBackward;
  private final CudaKernel sharedPriorBackward;
  private final CudaKernel clamp;
  private final CudaKernel clampBackward;
  private final ColumnSums columnSums;

  public GaussianCuda(Cuda cuda) {
    this.cuda = cuda;
    reparameterize = cuda.rows("gaussian", "gaussian_reparameterize");
    reparameterizeDrawn = cuda.rows("gaussian", "gaussian_reparameterize_drawn");
    reparameterizeBackward = cuda.rows("gaussian", "gaussian_reparameterize_backward");
    klToPrior = cuda.rows("gaussian", "gaussian_kl_to_prior");
    klToPriorBackward = cuda.kernel("gaussian", "gaussian_kl_to_prior_backward");
    sharedPriorBackward = cuda.kernel("gaussian", "gaussian_shared_prior_backward");
    clamp = cuda.kernel("gaussian", "gaussian_clamp");
    clampBackward = cuda.kernel("gaussian", "gaussian_clamp_backward");
    columnSums = new ColumnSums(cuda);
  }

  @Override
  protected void doReparameterize(
      Tensor mu,
      Tensor logVar,
      Tensor eps,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(mu)).pass(call.in(logVar)).pass(call.in(eps));
    sample(call, reparameterize, mu, z, kl, klPerDim, logQ, logP);
  }

  @Override
  protected void doReparameterizeDrawn(
      Tensor mu,
      Tensor logVar,
      NoiseKey noise,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(mu)).pass(call.in(logVar)).pass(noise);
    sample(call, reparameterizeDrawn, mu, z, kl, klPerDim, logQ, logP);
  }

  private static void sample(
      DeviceCall call,
      RowKernel kernel,
      Tensor mu,
      Tensor z,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim,
      @Nullable Tensor logQ,
      @Nullable Tensor logP) {
    long b = mu.rows();
    long k = samples(mu, z);
    call.pass(call.out(z)).pass(call.out(kl)).pass(call.out(klPerDim));
    call.pass(call.out(logQ)).pass(call.out(logP)).pass(b).pass(k).pass(mu.columns());
    call.launchRows(kernel, k == 0 ? b : b * k, mu.columns());
    call.end();
  }

  private static long samples(Tensor mu, Tensor z) {
    return mu.rows() == 0 ? 1 : z.rows() / mu.rows();
  }

  @Override
  protected void doReparameterizeBackward(
      Tensor mu,
      Tensor logVar,
      Tensor z,
      @Nullable Tensor dz,
      @Nullable Tensor dKl,
      @Nullable Tensor dKlPerDim,
      @Nullable Tensor dLogQ,
      @Nullable Tensor dLogP,
      boolean stickTheLanding,
      Tensor dMu,
      Tensor dLogVar) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(mu)).pass(call.in(logVar)).pass(call.in(z)).pass(call.in(dz));
    call.pass(call.in(dKl)).pass(call.in(dKlPerDim)).pass(call.in(dLogQ)).pass(call.in(dLogP));
    call.pass(stickTheLanding).pass(call.inOut(dMu)).pass(call.inOut(dLogVar));
    call.pass(mu.rows()).pass(samples(mu, z)).pass(mu.columns());
    call.launchRows(reparameterizeBackward, mu.rows(), mu.columns());
    call.end();
  }

  @Override
  protected void doKlToPrior(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor kl,
      @Nullable Tensor klPerDim) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(mu)).pass(call.in(logVar)).pass(call.in(priorMu)).pass(call.in(priorLogVar));
    call.pass(stride(mu, priorMu)).pass(call.out(kl)).pass(call.out(klPerDim));
    call.pass(mu.rows()).pass(mu.columns()).launchRows(klToPrior, mu.rows(), mu.columns());
    call.end();
  }

  /** Elements from one point's prior to the next: 0 where they share one. */
  private static int stride(Tensor mu, Tensor priorMu) {
    return shared(mu, priorMu) ? 0 : mu.columns();
  }

  private static boolean shared(Tensor mu, Tensor priorMu) {
    return priorMu.size() != mu.size();
  }

  @Override
  protected void doKlToPriorBackward(
      Tensor mu,
      Tensor logVar,
      Tensor priorMu,
      Tensor priorLogVar,
      @Nullable Tensor dKl,
      @Nullable Tensor dKlPerDim,
      Tensor dMu,
      Tensor dLogVar,
      @Nullable Tensor dPriorMu,
      @Nullable Tensor dPriorLogVar) {
    if (dKl == null && dKlPerDim == null) {
      return;
    }
    boolean shared = shared(mu, priorMu);
    DeviceCall call = cuda.begin();
    long[] arrays = {
      call.in(mu), call.in(logVar), call.in(priorMu), call.in(priorLogVar),
    };
    long gKl = call.in(dKl);
    long gPerDim = call.in(dKlPerDim);
    long gPriorMu = call.inOut(dPriorMu);
    long gPriorLogVar = call.inOut(dPriorLogVar);
    passAll(call, arrays).pass(stride(mu, priorMu)).pass(gKl).pass(gPerDim);
    call.pass(call.inOut(dMu)).pass(call.inOut(dLogVar));
    call.pass(shared ? 0 : gPriorMu).pass(shared ? 0 : gPriorLogVar);
    call.pass(mu.rows()).pass(mu.columns()).launchFlat(klToPriorBackward, mu.size());
    if (shared && (dPriorMu != null || dPriorLogVar != null)) {
      addShared(call, arrays, gKl, gPerDim, mu.rows(), mu.columns(), gPriorMu, gPriorLogVar);
    }
    call.end();
  }

  private void addShared(
      DeviceCall call,
      long[] arrays,
      long gKl,
      long gPerDim,
      int rows,
      int d,
      long gPriorMu,
      long gPriorLogVar) {
    long chunks = ColumnSums.chunks(rows);
    long partMu = call.scratch(chunks * d * Float.BYTES);
    long partLogVar = call.scratch(chunks * d * Float.BYTES);
    passAll(call, arrays).pass(gKl).pass(gPerDim).pass(partMu).pass(partLogVar);
    call.pass(rows).pass(d).pass(ColumnSums.rowsEach(rows));
    call.launchFlat(sharedPriorBackward, chunks * d);
    if (gPriorMu != 0) {
      columnSums.addTo(call, partMu, chunks, d, gPriorMu);
    }
    if (gPriorLogVar != 0) {
      columnSums.addTo(call, partLogVar, chunks, d, gPriorLogVar);
    }
  }

  private static DeviceCall passAll(DeviceCall call, long[] addresses) {
    for (long address : addresses) {
      call.pass(address);
    }
    return call;
  }

  @Override
  protected void doClampLogVar(Tensor raw, float low, float high, Tensor bounded) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(raw)).pass(low).pass(high).pass(call.out(bounded)).pass(raw.size());
    call.launchFlat(clamp, (raw.size() + 3L) / 4);
    call.end();
  }

  @Override
  protected void doClampLogVarBackward(
      Tensor raw, float low, float high, Tensor dBounded, Tensor dRaw) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(raw)).pass(low).pass(high).pass(call.in(dBounded)).pass(call.inOut(dRaw));
    call.pass(raw.size()).launchFlat(clampBackward, (raw.size() + 3L) / 4);
    call.end();
  }
}
