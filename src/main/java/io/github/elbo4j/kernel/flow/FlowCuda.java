package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link FlowKernels} on a device: cuda/flow.cu. */
public final class FlowCuda extends FlowKernels {
  private final Cuda cuda;
  private final RowKernel planarUnits;
  private final SliceKernel planar;
  private final SliceKernel planarInverse;
  private final SliceKernel planarBackward;
  private final RowKernel planarParameters;
  private final SliceKernel radial;
  private final RowKernel radialBackward;
  private final CudaKernel radialSums;
  private final CudaKernel radialParameters;
  private final SliceKernel householder;
  private final SliceKernel householderBackward;
  private final CudaKernel reflectionVectors;
  private final RowSums rowSums;

  public FlowCuda(Cuda cuda) {
    this.cuda = cuda;
    planarUnits = cuda.rows("flow", "flow_planar_units");
    planar = new SliceKernel(cuda, "flow", "flow_planar");
    planarInverse = new SliceKernel(cuda, "flow", "flow_planar_inverse");
    planarBackward = new SliceKernel(cuda, "flow", "flow_planar_backward");
    planarParameters = cuda.rows("flow", "flow_planar_parameters");
    radial = new SliceKernel(cuda, "flow", "flow_radial");
    radialBackward = cuda.rows("flow", "flow_radial_backward");
    radialSums = cuda.kernel("flow", "flow_radial_sums");
    radialParameters = cuda.kernel("flow", "flow_radial_parameters");
    householder = new SliceKernel(cuda, "flow", "flow_householder");
    householderBackward = new SliceKernel(cuda, "flow", "flow_householder_backward");
    reflectionVectors = cuda.kernel("flow", "flow_reflection_vectors");
    rowSums = new RowSums(cuda);
  }

  /** The parameters of planar steps on the device, and what they make of them. */
  private record Steps(long u, long w, long b, long uHat, long scalars, long units, long each) {}

  private Steps steps(DeviceCall call, int d, Tensor u, Tensor w, Tensor b) {
    long units = b.size();
    Steps steps =
        new Steps(
            call.in(u),
            call.in(w),
            call.in(b),
            call.scratch(units * d * Float.BYTES),
            call.scratch(4 * units * Float.BYTES),
            units,
            units / u.rows());
    call.pass(steps.u).pass(steps.w).pass(steps.uHat).pass(steps.scalars).pass(units).pass(d);
    call.launchRows(planarUnits, units, d);
    return steps;
  }

  @Override
  protected void doPlanar(
      Tensor z, Tensor u, Tensor w, Tensor b, Tensor zOut, @Nullable Tensor logDet) {
    planar(z, u, w, b, false, zOut, logDet);
  }

  @Override
  protected void doPlanarInverse(
      Tensor zOut, Tensor u, Tensor w, Tensor b, Tensor z, @Nullable Tensor logDet) {
    planar(zOut, u, w, b, true, z, logDet);
  }

  private void planar(
      Tensor from, Tensor u, Tensor w, Tensor b, boolean inverse, Tensor to, @Nullable Tensor log) {
    DeviceCall call = cuda.begin();
    int d = from.columns();
    Steps steps = steps(call, d, u, w, b);
    call.pass(call.in(from)).pass(steps.w).pass(steps.b).pass(steps.uHat).pass(steps.scalars);
    call.pass(call.out(to)).pass(call.inOut(log)).pass(from.rows());
    call.pass(rowsPerParameter(from, u)).pass(steps.each).pass(d);
    (inverse ? planarInverse : planar).launch(call, from.rows(), d);
    call.end();
  }

  @Override
  protected void doPlanarBackward(
      Tensor z,
      Tensor u,
      Tensor w,
      Tensor b,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor du,
      @Nullable Tensor dw,
      @Nullable Tensor db) {
    DeviceCall call = cuda.begin();
    int d = z.columns();
    long rows = z.rows();
    Steps steps = steps(call, d, u, w, b);
    long kept = call.scratch(4 * rows * steps.each * Float.BYTES);
    long from = call.in(z);
    long up = call.in(dzOut);
    call.pass(from).pass(steps.w).pass(steps.b).pass(steps.uHat).pass(steps.scalars).pass(up);
    call.pass(call.in(dLogDet)).pass(call.inOut(dz)).pass(kept);
    call.pass(SliceKernel.work(call, rows, 2, d)).pass(rows).pass(rowsPerParameter(z, u));
    planarBackward.launch(call.pass(steps.each).pass(d), rows, d);
    if (du != null && dw != null && db != null) {
      long totals = planarTotals(call, z, u, steps, from, up, kept);
      call.pass(steps.u).pass(steps.w).pass(steps.uHat).pass(steps.scalars).pass(totals);
      call.pass(call.inOut(du)).pass(call.inOut(dw)).pass(call.inOut(db));
      call.pass(steps.units).pass(steps.each).pass(d);
      call.launchRows(planarParameters, steps.units, d);
    }
    call.end();
  }

  /** The sums that flow_planar_parameters reads. */
  private long planarTotals(
      DeviceCall call, Tensor z, Tensor u, Steps steps, long from, long up, long kept) {
    long s = steps.each;
    long d = z.columns();
    long column = s * Float.BYTES;
    long t = kept + column;
    long dx = t + column;
    RowSums.Sums sums =
        rowSums.begin(call, u.rows(), rowsPerParameter(z, u), 2 * s * d + s * s + 2 * s);
    sums.outer(t, 4 * s, s, up, d, d, 0);
    sums.outer(dx, 4 * s, s, from, d, d, s * d);
    sums.outer(t, 4 * s, s, dx, 4 * s, s, 2 * s * d);
    return sums.outer(0, 0, 1, dx, 4 * s, 2 * s, 2 * s * d + s * s).totals();
  }

  @Override
  protected void doRadial(
      Tensor z, Tensor z0, Tensor alphaHat, Tensor betaHat, Tensor zOut, @Nullable Tensor logDet) {
    radial(z, z0, alphaHat, betaHat, false, zOut, logDet);
  }

  @Override
  protected void doRadialInverse(
      Tensor zOut, Tensor z0, Tensor alphaHat, Tensor betaHat, Tensor z, @Nullable Tensor logDet) {
    radial(zOut, z0, alphaHat, betaHat, true, z, logDet);
  }

  private void radial(
      Tensor from,
      Tensor z0,
      Tensor alphaHat,
      Tensor betaHat,
      boolean inverse,
      Tensor to,
      @Nullable Tensor logDet) {
    DeviceCall call = cuda.begin();
    int d = from.columns();
    call.pass(call.in(from)).pass(call.in(z0)).pass(call.in(alphaHat)).pass(call.in(betaHat));
    call.pass(inverse).pass(call.out(to)).pass(call.inOut(logDet)).pass(from.rows());
    radial.launch(call.pass(rowsPerParameter(from, z0)).pass(d), from.rows(), d);
    call.end();
  }

  @Override
  protected void doRadialBackward(
      Tensor z,
      Tensor z0,
      Tensor alphaHat,
      Tensor betaHat,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor dz0,
      @Nullable Tensor dAlphaHat,
      @Nullable Tensor dBetaHat) {
    DeviceCall call = cuda.begin();
    long k = rowsPerParameter(z, z0);
    int d = z.columns();
    long kept = call.scratch(4L * z.rows() * Float.BYTES);
    long from = call.in(z);
    long centre = call.in(z0);
    long up = call.in(dzOut);
    call.pass(from).pass(centre).pass(call.in(alphaHat)).pass(call.in(betaHat)).pass(up);
    call.pass(call.in(dLogDet)).pass(call.inOut(dz)).pass(kept).pass(z.rows()).pass(k).pass(d);
    call.launchRows(radialBackward, z.rows(), d);
    if (dz0 != null && dAlphaHat != null && dBetaHat != null) {
      RowSums.Sums sums = rowSums.begin(call, z0.rows(), k, d + 2L);
      call.pass(from).pass(centre).pass(up).pass(kept);
      long totals = sums.by(radialSums, d).totals();
      call.pass(totals).pass(call.inOut(dz0)).pass(call.inOut(dAlphaHat));
      call.pass(call.inOut(dBetaHat)).pass(z0.rows()).pass(d);
      call.launchFlat(radialParameters, z0.rows() * (d + 2L));
    }
    call.end();
  }

  @Override
  protected void doHouseholder(Tensor z, Tensor v, boolean lastFirst, Tensor zOut) {
    DeviceCall call = cuda.begin();
    int d = z.columns();
    call.pass(call.in(z)).pass(call.in(v)).pass(lastFirst).pass(call.out(zOut)).pass(z.rows());
    call.pass(rowsPerParameter(z, v)).pass(reflections("householder", z, v)).pass(d);
    householder.launch(call, z.rows(), d);
    call.end();
  }

  @Override
  protected void doHouseholderBackward(
      Tensor zOut, Tensor v, Tensor dzOut, @Nullable Tensor dz, @Nullable Tensor dv) {
    DeviceCall call = cuda.begin();
    int d = zOut.columns();
    long h = reflections("householderBackward", zOut, v);
    long k = rowsPerParameter(zOut, v);
    long rows = zOut.rows();
    long kept = call.scratch(2 * h * rows * Float.BYTES);
    long from = call.in(zOut);
    long vectors = call.in(v);
    long up = call.in(dzOut);
    call.pass(from).pass(vectors).pass(up).pass(call.inOut(dz)).pass(kept);
    call.pass(SliceKernel.work(call, rows, 2, d)).pass(rows).pass(k).pass(h).pass(d);
    householderBackward.launch(call, rows, d);
    if (dv != null) {
      RowSums.Sums sums = rowSums.begin(call, v.rows(), k, 2 * h * d + h * h);
      reflectionSums(sums, kept, h, from, up, d);
      long totals = sums.totals();
      call.pass(vectors).pass(totals).pass(false).pass(call.inOut(dv)).pass(v.rows());
      call.pass(h).pass(d).launchFlat(reflectionVectors, v.size());
    }
    call.end();
  }

  /** The sums that flow_reflection_vectors reads. */
  static void reflectionSums(RowSums.Sums sums, long kept, long h, long z, long up, long d) {
    long q = kept + h * Float.BYTES;
    sums.outer(kept, 2 * h, h, up, d, d, 0);
    sums.outer(q, 2 * h, h, z, d, d, h * d);
    sums.outer(kept, 2 * h, h, q, 2 * h, h, 2 * h * d);
  }
}
