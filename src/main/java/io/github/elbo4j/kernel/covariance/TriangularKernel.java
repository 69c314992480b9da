package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.cuda.CudaKernel.WARP;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;

/**
 * The two entry points of {@code MATRIX_KERNEL(entry)} (cuda/triangular.cuh): a block a matrix that
 * works in shared memory where it fits, and in scratch memory where it does not.
 */
final class TriangularKernel {
  private static final int MOST_WARPS = 8;

  /** Rows whose squared number is below 2³¹: the kernels count elements of a matrix in an int. */
  private static final int LARGEST_ORDER = 46_340;

  /** What a kernel may have without asking for more, less what the kernels declare themselves. */
  private static final long SHARED_BYTES = 48 * 1024 - 256;

  /** Blocks of the second grid dimension, all matrices together: enough for any device. */
  private static final long MOST_BLOCKS = 1024;

  private final Cuda cuda;
  private final int quads;
  private final CudaKernel shared;
  private final CudaKernel global;

  /** {@code quads}: of right-hand sides that a warp works on, as the kernel says. */
  TriangularKernel(Cuda cuda, String family, String entry, int quads) {
    this.cuda = cuda;
    this.quads = quads;
    shared = cuda.kernel(family, entry + "_shared");
    global = cuda.kernel(family, entry + "_global");
  }

  /** Floats that a block works in: as work_memory has them. */
  private long floats(long d, long warps) {
    return round4(d * (d - 1) / 2) + 2 * round4(d) + 4L * quads * d * warps;
  }

  private static long round4(long n) {
    return (n + 3) / 4 * 4;
  }

  private boolean fits(long d, long warps) {
    return floats(d, warps) * Float.BYTES <= SHARED_BYTES;
  }

  /** Of a block for that many right-hand sides a matrix; of the sizes alone, so that bits stay. */
  private int warps(int d, long sides) {
    long quads = (sides + 3) / 4;
    long useful = Math.max(quads, Math.min(MOST_WARPS, (d + WARP - 1) / WARP));
    int warps = (int) Math.max(1, Math.min(MOST_WARPS, useful));
    while (warps > 1 && fits(d, 1) && !fits(d, warps)) {
      warps--;
    }
    return warps;
  }

  /** The most blocks that get a matrix each at the same time; the others wait their turn. */
  long blocks(long matrices, int d) {
    return fits(d, 1) ? matrices : Math.min(matrices, cuda.processors());
  }

  /**
   * Launches with the arguments passed so far and, the last one, the work memory: {@code sides}
   * right-hand sides for each of {@code matrices} of order {@code d}.
   */
  void launch(DeviceCall call, long matrices, int d, long sides) {
    launchGrid(call, blocks(matrices, d), 1, d, sides);
  }

  /** The same where a matrix's right-hand sides may go to several blocks. */
  void launchSplit(DeviceCall call, long matrices, int d, long sides) {
    long blocks = blocks(matrices, d);
    long each = 8L * warps(d, sides);
    long most = (fits(d, 1) ? MOST_BLOCKS : cuda.processors()) / Math.max(1, blocks);
    long parts = Math.max(1, Math.min(most, (sides + each - 1) / each));
    launchGrid(call, blocks, (int) parts, d, sides);
  }

  /**
   * The same with that many blocks.
   *
   * @throws IllegalArgumentException when an int does not count the elements of a matrix
   */
  void launchGrid(DeviceCall call, long blocks, int parts, int d, long sides) {
    if (d > LARGEST_ORDER) {
      throw new IllegalArgumentException(
          "%s: matrices of order %,d, which on a device must be at most %,d"
              .formatted(global.name(), d, LARGEST_ORDER));
    }
    int warps = warps(d, sides);
    long bytes = floats(d, warps) * Float.BYTES;
    if (fits(d, warps)) {
      call.pass(0L).launch(shared, blocks, parts, warps * WARP, (int) bytes);
    } else {
      call.pass(call.scratch(bytes * blocks * parts));
      call.launch(global, blocks, parts, warps * WARP, 0);
    }
  }
}
