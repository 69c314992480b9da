package io.github.elbo4j.kernel.importance;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;
import static io.github.elbo4j.kernel.cuda.CudaKernel.WARP;

import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.kernel.memory.MemoryCuda;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link ImportanceKernels} on a device: cuda/importance.cu, and cuda/importance_tail.cu for the
 * tail index. A stream's samples and totals stay on the device.
 */
public final class ImportanceCuda extends ImportanceKernels {
  /** Blocks a multiprocessor that fit tails, each with scratch memory of its own. */
  private static final int TAIL_BLOCKS = 8;

  private final Cuda cuda;
  private final MemoryCuda memory;
  private final RowKernel bound;
  private final RowKernel push;
  private final CudaKernel finish;
  private final CudaKernel boundBackward;
  private final CudaKernel doublyReparameterizedBackward;
  private final CudaKernel tailIndex;

  public ImportanceCuda(Cuda cuda) {
    this.cuda = cuda;
    memory = new MemoryCuda(cuda);
    bound = cuda.rows("importance", "importance_bound");
    push = cuda.rows("importance", "importance_push");
    finish = cuda.kernel("importance", "importance_finish");
    boundBackward = cuda.kernel("importance", "importance_bound_backward");
    doublyReparameterizedBackward =
        cuda.kernel("importance", "importance_doubly_reparameterized_backward");
    tailIndex = cuda.kernel("importance_tail", "importance_tail_index");
  }

  @Override
  protected void doBound(
      Tensor logW, float alpha, Tensor result, @Nullable Tensor weights, @Nullable Tensor ess) {
    int b = result.size();
    int k = b == 0 ? 1 : logW.size() / b;
    DeviceCall call = cuda.begin();
    call.pass(call.in(logW)).pass(1 - alpha).pass(call.out(result));
    call.pass(call.out(weights)).pass(call.out(ess)).pass(b).pass(k);
    call.launchRows(bound, b, k);
    call.end();
  }

  @Override
  protected void doBoundBackward(Tensor weights, Tensor dBound, Tensor dLogW) {
    int n = weights.size();
    DeviceCall call = cuda.begin();
    call.pass(call.in(weights)).pass(call.in(dBound)).pass(call.inOut(dLogW));
    call.pass(n).pass(n / Math.max(1, dBound.size())).launchFlat(boundBackward, n);
    call.end();
  }

  @Override
  protected void doDoublyReparameterizedBackward(
      Tensor weights, float alpha, Tensor dPath, Tensor dz) {
    int n = dPath.size();
    DeviceCall call = cuda.begin();
    call.pass(call.in(weights)).pass(alpha).pass(call.in(dPath)).pass(call.inOut(dz));
    call.pass(n).pass(n / Math.max(1, weights.size())).launchFlat(doublyReparameterizedBackward, n);
    call.end();
  }

  @Override
  protected void doPush(BoundStream stream, Tensor logW) {
    int points = stream.points();
    int k = logW.size() / points;
    Tensor state = state(stream);
    DeviceCall call = cuda.begin();
    call.pass(call.in(logW)).pass(1 - stream.alpha);
    passState(call, stream, call.inOut(state));
    call.pass(stream.count() - stream.waiting()).pass(stream.waiting()).pass(points).pass(k);
    call.launchRows(push, points, k);
    call.end();
    stream.add(k);
  }

  @Override
  protected void doFinish(BoundStream stream, Tensor result, @Nullable Tensor ess) {
    int points = stream.points();
    DeviceCall call = cuda.begin();
    passState(call, stream, call.in(state(stream)));
    call.pass(1 - stream.alpha).pass(stream.count() - stream.waiting()).pass(stream.waiting());
    call.pass(call.out(result)).pass(call.out(ess)).pass(points);
    call.launch(finish, (points + THREADS / WARP - 1) / (THREADS / WARP), THREADS, 0);
    call.end();
  }

  private Tensor state(BoundStream stream) {
    Tensor state = stream.device;
    if (state == null) {
      int totals = BoundTotals.SIZE * Double.BYTES / Float.BYTES;
      state = memory.allocate(Math.multiplyExact(stream.points(), totals + BoundStream.SEGMENT));
      stream.device = state;
    }
    return state;
  }

  private static void passState(DeviceCall call, BoundStream stream, long state) {
    long totals = (long) Double.BYTES * BoundTotals.SIZE * stream.points();
    call.pass(state).pass(state + totals);
  }

  @Override
  protected void doTailIndex(Tensor logW, Tensor kHat, @Nullable Tensor smoothed) {
    int b = kHat.size();
    int k = b == 0 ? 1 : logW.size() / b;
    long m = ParetoTail.length(k);
    long size = Long.highestOneBit(m) << 1; // the power of two from m + 1 on
    long blocks = Math.min(b, (long) TAIL_BLOCKS * cuda.processors());
    DeviceCall call = cuda.begin();
    long keys = call.scratch(blocks * size * Long.BYTES);
    long excess = call.scratch(blocks * m * Double.BYTES);
    call.pass(call.in(logW)).pass(call.out(kHat)).pass(call.out(smoothed)).pass(keys).pass(excess);
    call.pass(b).pass(k).pass(m).pass(size).launch(tailIndex, blocks, THREADS, 0);
    call.end();
  }
}
