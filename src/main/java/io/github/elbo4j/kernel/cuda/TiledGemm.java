package io.github.elbo4j.kernel.cuda;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;

import io.github.elbo4j.kernel.Precision;
import io.github.elbo4j.kernel.dense.Activation;
import java.util.Arrays;

/**
 * Matrix products by our own kernels, cuda/gemm.cuh and cuda/gemm_tf32.cu, with bias and activation
 * in them. Tiles of 128 where there are enough of them to fill a device, else of 64; where even
 * those are few, the depth is cut in chunks whose partial products are then added in order. Which
 * it is depends on the sizes alone, and so do the bits.
 */
final class TiledGemm implements GemmProvider {
  private static final int LARGE = 128;
  private static final int SMALL = 64;

  /** Fewest large tiles for which they are taken, and most blocks that chunks are made for. */
  private static final int ENOUGH_TILES = 96;

  private static final int ENOUGH_BLOCKS = 160;

  /** Shortest chunk, and what it is a multiple of: the depth of a slice in shared memory. */
  private static final int SHORTEST_CHUNK = 64;

  private static final int SLICE = 16;

  /** By transposition: 1 for a, 2 for b. */
  private final CudaKernel[] small;

  private final CudaKernel[] large;
  private final CudaKernel smallLayer;
  private final CudaKernel largeLayer;
  private final CudaKernel finish;
  private final Precision precision;

  /**
   * The kernels of that precision; those of TF32 need tensor cores.
   *
   * @throws CudaException where the device has none
   */
  TiledGemm(Cuda cuda, Precision precision) {
    this.precision = precision;
    finish = cuda.kernel("gemm", "gemm_finish");
    if (precision == Precision.TF32) {
      String file = "gemm_tf32";
      small =
          kernels(
              cuda,
              file,
              "gemm_tf32_nn_64",
              "gemm_tf32_tn_64",
              "gemm_tf32_nt_64",
              "gemm_tf32_tt_64");
      large =
          kernels(
              cuda,
              file,
              "gemm_tf32_nn_128",
              "gemm_tf32_tn_128",
              "gemm_tf32_nt_128",
              "gemm_tf32_tt_128");
      smallLayer = cuda.kernel(file, "gemm_tf32_layer_64");
      largeLayer = cuda.kernel(file, "gemm_tf32_layer_128");
    } else {
      small = kernels(cuda, "gemm", "gemm_nn_64", "gemm_tn_64", "gemm_nt_64", "gemm_tt_64");
      large = kernels(cuda, "gemm", "gemm_nn_128", "gemm_tn_128", "gemm_nt_128", "gemm_tt_128");
      smallLayer = cuda.kernel("gemm", "gemm_layer_64");
      largeLayer = cuda.kernel("gemm", "gemm_layer_128");
    }
  }

  private static CudaKernel[] kernels(Cuda cuda, String file, String... names) {
    return Arrays.stream(names).map(n -> cuda.kernel(file, n)).toArray(CudaKernel[]::new);
  }

  @Override
  public String name() {
    return "own";
  }

  @Override
  public String description() {
    String cores = precision == Precision.TF32 ? " of tensor cores" : "";
    return "tiled kernels" + cores + ", bias and activation in them, always there";
  }

  @Override
  public void product(
      DeviceCall call,
      long a,
      boolean transposeA,
      long b,
      boolean transposeB,
      boolean accumulate,
      long c,
      long m,
      long n,
      long k) {
    int which = (transposeA ? 1 : 0) + (transposeB ? 2 : 0);
    if (isLarge(m, n)) {
      call.pass(a).pass(b).pass(c).pass(accumulate).pass(m).pass(n).pass(k).pass(k);
      call.launch(large[which], tiles(m, n, LARGE), THREADS, 0);
      return;
    }
    long per = chunk(m, n, k);
    if (per >= k) {
      call.pass(a).pass(b).pass(c).pass(accumulate).pass(m).pass(n).pass(k).pass(k);
      call.launch(small[which], tiles(m, n, SMALL), THREADS, 0);
      return;
    }
    long part = partial(call, small[which], a, b, m, n, k, per);
    finish(call, part, (k + per - 1) / per, 0, Activation.NONE, 0, c, accumulate, m, n);
  }

  @Override
  public void layer(
      DeviceCall call,
      long x,
      long w,
      long bias,
      Activation f,
      long pre,
      long y,
      long m,
      long n,
      long k) {
    long per = isLarge(m, n) ? k : chunk(m, n, k);
    if (per < k) {
      long part = partial(call, small[0], x, w, m, n, k, per);
      finish(call, part, (k + per - 1) / per, bias, f, pre, y, false, m, n);
      return;
    }
    call.pass(x).pass(w).pass(bias).pass(f.code()).pass(pre).pass(y).pass(m).pass(n).pass(k);
    if (isLarge(m, n)) {
      call.launch(largeLayer, tiles(m, n, LARGE), THREADS, 0);
    } else {
      call.launch(smallLayer, tiles(m, n, SMALL), THREADS, 0);
    }
  }

  @Override
  public void close() {
    // kernels stay with the device
  }

  private static long tiles(long m, long n, int tile) {
    return (m + tile - 1) / tile * ((n + tile - 1) / tile);
  }

  private static boolean isLarge(long m, long n) {
    return tiles(m, n, LARGE) >= ENOUGH_TILES;
  }

  /** Depth of a chunk; k where one block sums a whole tile. */
  private static long chunk(long m, long n, long k) {
    long blocks = Math.max(1, tiles(m, n, SMALL));
    long chunks = Math.min(ENOUGH_BLOCKS / blocks, k / SHORTEST_CHUNK);
    if (chunks < 2) {
      return k;
    }
    long depth = (k + chunks - 1) / chunks;
    return (depth + SLICE - 1) / SLICE * SLICE;
  }

  /** Launches the partial products of all chunks; their address, [chunks,m,n]. */
  private static long partial(
      DeviceCall call, CudaKernel kernel, long a, long b, long m, long n, long k, long per) {
    int chunks = (int) ((k + per - 1) / per);
    long part = call.scratch(chunks * m * n * Float.BYTES);
    call.pass(a).pass(b).pass(part).pass(false).pass(m).pass(n).pass(k).pass(per);
    call.launch(kernel, tiles(m, n, SMALL), chunks, THREADS, 0);
    return part;
  }

  private void finish(
      DeviceCall call,
      long part,
      long chunks,
      long bias,
      Activation f,
      long pre,
      long c,
      boolean accumulate,
      long m,
      long n) {
    call.pass(part).pass(chunks).pass(bias).pass(f.code()).pass(pre).pass(c).pass(accumulate);
    call.pass(m * n).pass(n).launchFlat(finish, m * n);
  }
}
