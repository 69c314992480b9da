package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.random.PhiloxSimd;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/** {@link ComposeKernels#shuffleColumns}: a column a block, its rows sorted with their bits. */
final class ShuffleTask extends KernelTask {
  /** Element operations an element: drawing and sorting. */
  private static final int WORK = 60;

  private static final NoiseKey NONE = new NoiseKey(0, 0);
  private static final ThreadLocal<ShuffleTask> LOCAL = ThreadLocal.withInitial(ShuffleTask::new);
  private static final ThreadLocal<Keys> KEYS = ThreadLocal.withInitial(Keys::new);

  private Tensor z = Tensor.EMPTY;
  private NoiseKey noise = NONE;
  private Tensor out = Tensor.EMPTY;

  /** A thread's work arrays. */
  private static final class Keys {
    private int[] bits = {};
    private long[] sorted = {};

    void room(int n) {
      if (bits.length < n) {
        bits = new int[n];
        sorted = new long[n];
      }
    }
  }

  private ShuffleTask() {}

  static void shuffle(Tensor z, NoiseKey noise, Tensor out) {
    LOCAL.get().run(z, noise, out);
  }

  private void run(Tensor from, NoiseKey key, Tensor to) {
    z = from;
    noise = key;
    out = to;
    fork(z.columns(), (long) WORK * z.size());
  }

  @Override
  protected void forget() {
    z = Tensor.EMPTY;
    noise = NONE;
    out = Tensor.EMPTY;
  }

  @Override
  public void run(int column) {
    int rows = z.rows();
    int d = z.columns();
    Keys keys = KEYS.get();
    keys.room(rows);
    PhiloxSimd.bits(noise, (long) column * rows, keys.bits, 0, rows);
    long[] sorted = keys.sorted;
    for (int r = 0; r < rows; r++) {
      sorted[r] = ((long) (keys.bits[r] ^ Integer.MIN_VALUE) << 32) | r; // unsigned order as signed
    }
    Arrays.sort(sorted, 0, rows);
    float[] a = z.array();
    float[] to = out.array();
    int from = z.offset() + column;
    int at = out.offset() + column;
    for (int r = 0; r < rows; r++) {
      to[at + r * d] = a[from + (int) sorted[r] * d];
    }
  }
}
