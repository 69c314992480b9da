package io.github.elbo4j.kernel.flow;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link SylvesterKernels} on a device: cuda/sylvester.cu. */
public final class SylvesterCuda extends SylvesterKernels {
  /** Arrays of rows that the backward kernel keeps, and what it needs more for long rows. */
  private static final int KEPT = 7;

  private static final int WORK = 2;

  private final Cuda cuda;
  private final CudaKernel diagonals;
  private final SliceKernel forward;
  private final SliceKernel inverse;
  private final SliceKernel backward;
  private final CudaKernel parameters;
  private final CudaKernel reflectionVectors;
  private final RowSums rowSums;

  public SylvesterCuda(Cuda cuda) {
    this.cuda = cuda;
    diagonals = cuda.kernel("sylvester", "sylvester_diagonals");
    forward = new SliceKernel(cuda, "sylvester", "sylvester_forward");
    inverse = new SliceKernel(cuda, "sylvester", "sylvester_inverse");
    backward = new SliceKernel(cuda, "sylvester", "sylvester_backward");
    parameters = cuda.kernel("sylvester", "sylvester_parameters");
    reflectionVectors = cuda.kernel("flow", "flow_reflection_vectors");
    rowSums = new RowSums(cuda);
  }

  /** The parameters on the device. */
  private record Step(
      long v, long r1, long r2, long b, long diagonals, long points, long k, long h, long d) {
    DeviceCall pass(DeviceCall call) {
      return call.pass(v).pass(r1).pass(r2).pass(b).pass(diagonals);
    }
  }

  private Step step(DeviceCall call, Tensor z, Tensor v, Tensor r1, Tensor r2, Tensor b) {
    long points = v.rows();
    long d = z.columns();
    Step step =
        new Step(
            call.in(v),
            call.in(r1),
            call.in(r2),
            call.in(b),
            call.scratch(3 * points * d * Float.BYTES),
            points,
            FlowKernels.rowsPerParameter(z, v),
            FlowKernels.reflections("sylvester", z, v),
            d);
    call.pass(step.r1).pass(step.r2).pass(step.diagonals).pass(points).pass(d);
    call.launchFlat(diagonals, points * d);
    return step;
  }

  @Override
  protected void doSylvester(
      Tensor z, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor zOut, @Nullable Tensor logDet) {
    transform(forward, 3, z, v, r1, r2, b, zOut, logDet);
  }

  @Override
  protected void doSylvesterInverse(
      Tensor zOut, Tensor v, Tensor r1, Tensor r2, Tensor b, Tensor z, @Nullable Tensor logDet) {
    transform(inverse, 1, zOut, v, r1, r2, b, z, logDet);
  }

  private void transform(
      SliceKernel kernel,
      int work,
      Tensor from,
      Tensor v,
      Tensor r1,
      Tensor r2,
      Tensor b,
      Tensor to,
      @Nullable Tensor logDet) {
    DeviceCall call = cuda.begin();
    int d = from.columns();
    Step step = step(call, from, v, r1, r2, b);
    step.pass(call.pass(call.in(from))).pass(call.out(to)).pass(call.inOut(logDet));
    call.pass(SliceKernel.work(call, from.rows(), work, d)).pass(from.rows());
    kernel.launch(call.pass(step.k).pass(step.h).pass(d), from.rows(), d);
    call.end();
  }

  @Override
  protected void doSylvesterBackward(
      Tensor z,
      Tensor v,
      Tensor r1,
      Tensor r2,
      Tensor b,
      @Nullable Tensor dzOut,
      @Nullable Tensor dLogDet,
      @Nullable Tensor dz,
      @Nullable Tensor dv,
      @Nullable Tensor dr1,
      @Nullable Tensor dr2,
      @Nullable Tensor db) {
    DeviceCall call = cuda.begin();
    long rows = z.rows();
    int d = z.columns();
    Step step = step(call, z, v, r1, r2, b);
    long kept = SliceKernel.work(call, rows, KEPT + WORK, d);
    kept = kept == 0 ? call.scratch(KEPT * rows * d * Float.BYTES) : kept;
    long vectors = call.scratch(4 * rows * step.h * Float.BYTES);
    long up = call.in(dzOut);
    step.pass(call.pass(call.in(z))).pass(up).pass(call.in(dLogDet)).pass(call.inOut(dz));
    call.pass(kept).pass(vectors).pass(rows).pass(step.k).pass(step.h).pass(d);
    backward.launch(call, rows, d);
    if (dv != null && dr1 != null && dr2 != null && db != null) {
      long array = rows * d * Float.BYTES;
      matrices(call, step, kept, array, dr1, dr2, db);
      long gradient = call.inOut(dv);
      vectors(call, step, vectors, kept + 2 * array, up, true, gradient);
      long second = vectors + 2 * rows * step.h * Float.BYTES;
      vectors(call, step, second, kept, kept + 5 * array, false, gradient);
    }
    call.end();
  }

  /** Gradients of R1, R2 and b from what the backward kernel kept, arrays of so many bytes. */
  private void matrices(
      DeviceCall call, Step step, long kept, long array, Tensor dr1, Tensor dr2, Tensor db) {
    long d = step.d;
    long dpre = kept + 4 * array;
    RowSums.Sums sums = rowSums.begin(call, step.points, step.k, 2 * d * d + 2 * d);
    sums.outer(kept + 3 * array, d, d, kept + array, d, d, 0);
    sums.outer(dpre, d, d, kept, d, d, d * d);
    sums.outer(0, 0, 1, dpre, d, d, 2 * d * d);
    sums.outer(0, 0, 1, kept + 6 * array, d, d, 2 * d * d + d);
    long totals = sums.totals();
    call.pass(step.r1).pass(step.r2).pass(step.diagonals).pass(totals).pass(call.inOut(dr1));
    call.pass(call.inOut(dr2)).pass(call.inOut(db)).pass(step.points).pass(d);
    call.launchFlat(parameters, step.points * d * d);
  }

  /** Adds the gradients of the reflections of Q, the last first, or of those of its transpose. */
  private void vectors(
      DeviceCall call, Step step, long kept, long left, long up, boolean lastFirst, long gradient) {
    long h = step.h;
    long d = step.d;
    RowSums.Sums sums = rowSums.begin(call, step.points, step.k, 2 * h * d + h * h);
    FlowCuda.reflectionSums(sums, kept, h, left, up, d);
    long totals = sums.totals();
    call.pass(step.v).pass(totals).pass(lastFirst).pass(gradient).pass(step.points).pass(h).pass(d);
    call.launchFlat(reflectionVectors, step.points * h * d);
  }
}
