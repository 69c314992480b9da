package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.random.PhiloxSimd;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * {@link ComposeKernels#shuffleColumns}: a column a block, its rows sorted by their bits, a byte at
 * a time from the lowest: each pass keeps the order of equal bytes, so equal bits stay ordered by
 * row. (The JDK's sort allocates.)
 */
final class ShuffleTask extends KernelTask {
  /** Element operations an element: drawing and sorting. */
  private static final int WORK = 40;

  private static final int BYTES = 4;
  private static final int VALUES = 256;

  private static final NoiseKey NONE = new NoiseKey(0, 0);
  private static final ThreadLocal<ShuffleTask> LOCAL = ThreadLocal.withInitial(ShuffleTask::new);
  private static final ThreadLocal<Keys> KEYS = ThreadLocal.withInitial(Keys::new);

  private Tensor z = Tensor.EMPTY;
  private NoiseKey noise = NONE;
  private Tensor out = Tensor.EMPTY;

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
    long[] sorted = KEYS.get().sorted(noise, (long) column * rows, rows);
    float[] a = z.array();
    float[] to = out.array();
    int from = z.offset() + column;
    int at = out.offset() + column;
    for (int r = 0; r < rows; r++) {
      to[at + r * d] = a[from + (int) sorted[r] * d];
    }
  }

  /** A thread's work arrays: bits in the upper half of a long, the row in the lower. */
  private static final class Keys {
    private final int[] starts = new int[BYTES * VALUES];
    private int[] bits = {};
    private long[] keys = {};
    private long[] other = {};

    /** Rows 0 … n − 1 by their bits, which are those from {@code first} on. */
    long[] sorted(NoiseKey noise, long first, int n) {
      if (bits.length < n) {
        bits = new int[n];
        keys = new long[n];
        other = new long[n];
      }
      PhiloxSimd.bits(noise, first, bits, 0, n);
      for (int r = 0; r < n; r++) {
        keys[r] = ((long) bits[r] << 32) | r;
      }
      count(n);
      for (int b = 0; b < BYTES; b++) {
        pass(b, n);
        long[] former = keys;
        keys = other;
        other = former;
      }
      return keys;
    }

    /** Where the numbers begin that have each value of each byte. */
    private void count(int n) {
      Arrays.fill(starts, 0);
      for (int r = 0; r < n; r++) {
        int key = bits[r];
        starts[key & 255]++;
        starts[VALUES + (key >>> 8 & 255)]++;
        starts[2 * VALUES + (key >>> 16 & 255)]++;
        starts[3 * VALUES + (key >>> 24)]++;
      }
      for (int b = 0; b < BYTES; b++) {
        int start = 0;
        for (int v = b * VALUES; v < (b + 1) * VALUES; v++) {
          int many = starts[v];
          starts[v] = start;
          start += many;
        }
      }
    }

    private void pass(int b, int n) {
      int shift = 32 + 8 * b;
      for (int r = 0; r < n; r++) {
        long key = keys[r];
        other[starts[b * VALUES + ((int) (key >>> shift) & 255)]++] = key;
      }
    }
  }
}
