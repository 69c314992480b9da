package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;
import static io.github.elbo4j.kernel.cuda.CudaKernel.WARP;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link CholeskyKernels} on a device: cuda/cholesky.cu. The kernels take matrices one after the
 * other; what lies in lanes is brought there and back by copies on the device.
 */
public final class CholeskyCuda extends CholeskyKernels {
  /** Elements of a group that a block of the copies takes. */
  private static final int CHUNK = 64;

  private static final int WARPS = THREADS / WARP;

  /**
   * Orders up to which there is a kernel that has matrices in registers, that many threads each.
   */
  private static final int[] SMALL = {8, 16, 32};

  private static final int SMALL_THREADS = 128;

  /** Blocks a multiprocessor where each block has a matrix of its own in global memory. */
  private static final int BLOCKS_EACH = 16;

  private final Cuda cuda;
  private final CudaKernel pack;
  private final CudaKernel unpack;
  private final TriangularKernel factor;
  private final TriangularKernel factorBackward;
  private final CudaKernel[] smallBackward = new CudaKernel[SMALL.length];
  private final TriangularKernel solve;
  private final TriangularKernel solveBackward;
  private final CudaKernel logDet;
  private final CudaKernel logDetBackward;

  public CholeskyCuda(Cuda cuda) {
    this.cuda = cuda;
    pack = cuda.kernel("cholesky", "cholesky_pack");
    unpack = cuda.kernel("cholesky", "cholesky_unpack");
    factor = new TriangularKernel(cuda, "cholesky", "cholesky_factor", 0);
    factorBackward = new TriangularKernel(cuda, "cholesky", "cholesky_factor_backward", 2);
    for (int i = 0; i < SMALL.length; i++) {
      smallBackward[i] = cuda.kernel("cholesky", "cholesky_factor_backward_" + SMALL[i]);
    }
    solve = new TriangularKernel(cuda, "cholesky", "cholesky_solve", 1);
    solveBackward = new TriangularKernel(cuda, "cholesky", "cholesky_solve_backward", 2);
    logDet = cuda.kernel("cholesky", "cholesky_log_det");
    logDetBackward = cuda.kernel("cholesky", "cholesky_log_det_backward");
  }

  @Override
  protected void doPack(Tensor x, Tensor packed) {
    DeviceCall call = cuda.begin();
    long batch = entries(x);
    long from = call.in(x);
    copy(call, pack, from, call.out(packed), batch, batch == 0 ? 0 : x.size() / batch);
    call.end();
  }

  @Override
  protected void doUnpack(Tensor packed, Tensor x) {
    DeviceCall call = cuda.begin();
    long batch = entries(x);
    long from = call.in(packed);
    copy(call, unpack, from, call.out(x), batch, batch == 0 ? 0 : x.size() / batch);
    call.end();
  }

  private static void copy(
      DeviceCall call, CudaKernel kernel, long from, long to, long matrices, long n) {
    long chunks = (n + CHUNK - 1) / CHUNK;
    long groups = (matrices + LANES - 1) / LANES;
    call.pass(from).pass(to).pass(matrices).pass(n).launch(kernel, groups * chunks, THREADS, 0);
  }

  /** A tensor's matrices one after the other: where they are, or copied to scratch memory. */
  private final class Matrices {
    final long address;
    private final long lanes;
    private final long count;
    private final long elements;
    private final DeviceCall call;

    /** {@code at} is the tensor's address; {@code read}: what is in it counts. */
    Matrices(DeviceCall call, MatrixLayout layout, @Nullable Tensor t, long at, boolean read) {
      this.call = call;
      if (layout != MatrixLayout.LANES || t == null) {
        lanes = 0;
        count = 0;
        elements = 0;
        address = at;
        return;
      }
      lanes = at;
      count = (long) entries(t) * LANES;
      elements = elements(layout, t);
      address = call.scratch(Math.multiplyExact(count * elements, Float.BYTES));
      if (read) {
        copy(call, unpack, lanes, address, count, elements);
      }
    }

    /** Brings what was written back into lanes. */
    void store() {
      if (lanes != 0) {
        copy(call, pack, address, lanes, count, elements);
      }
    }
  }

  private Matrices in(DeviceCall call, MatrixLayout layout, Tensor t) {
    return new Matrices(call, layout, t, call.in(t), true);
  }

  private Matrices out(DeviceCall call, MatrixLayout layout, Tensor t) {
    return new Matrices(call, layout, t, call.out(t), false);
  }

  private Matrices inOut(DeviceCall call, MatrixLayout layout, @Nullable Tensor t) {
    return new Matrices(call, layout, t, call.inOut(t), true);
  }

  /** Those beyond B of a last group of lanes included. */
  private static long matrices(MatrixLayout layout, Tensor t) {
    return (long) entries(t) * (layout == MatrixLayout.LANES ? LANES : 1);
  }

  @Override
  protected void doFactor(MatrixLayout layout, Tensor a, Tensor l, int[] status) {
    DeviceCall call = cuda.begin();
    long b = matrices(layout, a);
    int d = order(layout, a);
    Matrices from = in(call, layout, a);
    Matrices to = out(call, layout, l);
    long minors = call.scratch(b * Integer.BYTES);
    call.pass(from.address).pass(to.address).pass(minors).pass(b).pass(d);
    factor.launch(call, b, d, d <= WARP ? 1 : d); // one panel is one warp's
    to.store();
    call.fetch(minors, status, 0, status.length);
    call.end();
  }

  @Override
  protected void doFactorBackward(MatrixLayout layout, Tensor l, Tensor dL, Tensor dA) {
    DeviceCall call = cuda.begin();
    long b = matrices(layout, l);
    int d = order(layout, l);
    Matrices factors = in(call, layout, l);
    Matrices gradients = in(call, layout, dL);
    Matrices sums = inOut(call, layout, dA);
    call.pass(factors.address).pass(gradients.address).pass(sums.address);
    if (d <= WARP) {
      int size = 0;
      while (d > SMALL[size]) {
        size++;
      }
      long each = SMALL_THREADS / SMALL[size];
      call.pass(b).pass(d).launch(smallBackward[size], (b + each - 1) / each, SMALL_THREADS, 0);
    } else {
      long most = (long) BLOCKS_EACH * cuda.processors();
      long blocks = Math.min(factorBackward.blocks(b, d), most);
      call.pass(call.scratch(blocks * d * ((d + 3L) / 4 * 4) * Float.BYTES)).pass(b).pass(d);
      factorBackward.launchGrid(call, blocks, 1, d, d);
    }
    sums.store();
    call.end();
  }

  /** What cuda/triangular.cuh calls a system. */
  private static int code(LinearSystem system) {
    return switch (system) {
      case LOWER -> 0;
      case TRANSPOSED -> 1;
      case FULL -> 2;
    };
  }

  @Override
  protected void doSolve(MatrixLayout layout, LinearSystem system, Tensor l, Tensor y, Tensor x) {
    int d = order(layout, l);
    int m = elements(layout, y) / d;
    if (m == 0) {
      return;
    }
    DeviceCall call = cuda.begin();
    long b = matrices(layout, l);
    Matrices factors = in(call, layout, l);
    Matrices sides = in(call, layout, y);
    Matrices solutions = out(call, layout, x);
    call.pass(code(system)).pass(factors.address).pass(sides.address);
    call.pass(solutions.address).pass(b).pass(d).pass(m);
    solve.launchSplit(call, b, d, m);
    solutions.store();
    call.end();
  }

  @Override
  protected void doSolveBackward(
      MatrixLayout layout,
      LinearSystem system,
      Tensor l,
      Tensor x,
      Tensor dX,
      @Nullable Tensor dL,
      @Nullable Tensor dY) {
    int d = order(layout, l);
    int m = elements(layout, x) / d;
    if (m == 0) {
      return;
    }
    DeviceCall call = cuda.begin();
    long b = matrices(layout, l);
    Matrices factors = in(call, layout, l);
    Matrices solutions = in(call, layout, x);
    Matrices gradients = in(call, layout, dX);
    Matrices toL = inOut(call, layout, dL);
    Matrices toY = inOut(call, layout, dY);
    call.pass(code(system)).pass(factors.address).pass(solutions.address);
    call.pass(gradients.address).pass(toL.address).pass(toY.address).pass(b).pass(d).pass(m);
    solveBackward.launch(call, b, d, m);
    toL.store();
    toY.store();
    call.end();
  }

  @Override
  protected void doLogDet(MatrixLayout layout, Tensor l, Tensor out) {
    DeviceCall call = cuda.begin();
    long b = out.size();
    call.pass(call.in(l)).pass(layout == MatrixLayout.LANES).pass(call.out(out));
    call.pass(b).pass(order(layout, l));
    call.launch(logDet, (b + WARPS - 1) / WARPS, THREADS, 0);
    call.end();
  }

  @Override
  protected void doLogDetBackward(MatrixLayout layout, Tensor l, Tensor g, Tensor dL) {
    DeviceCall call = cuda.begin();
    long b = g.size();
    int d = order(layout, l);
    call.pass(call.in(l)).pass(layout == MatrixLayout.LANES).pass(call.in(g));
    call.pass(call.inOut(dL)).pass(b).pass(d).launchFlat(logDetBackward, b * d);
    call.end();
  }
}
