package io.github.elbo4j.kernel;

/**
 * Reused work arrays, one set a thread; asked for once a kernel call or block, never in a loop.
 *
 * <p>Who may use which slot. A block uses 0 to 3 as it likes; they are free again when it ends. The
 * thread that calls {@link Parallel#run} runs blocks too, so what it needs after that call, or
 * shares with all blocks, stands in {@link #HELD}, which no block asks for. {@link #NOISE} belongs
 * to the noise that a block draws while its own arrays are in use. A helper that is called from
 * blocks gets its work array as an argument.
 */
public final class Scratch {
  private static final ThreadLocal<Scratch> LOCAL = ThreadLocal.withInitial(Scratch::new);

  /** What a caller keeps across {@link Parallel#run}. */
  public static final int HELD = 4;

  /** The noise's own. */
  public static final int NOISE = 5;

  private static final int SLOTS = 6;

  private final float[][] floats = new float[SLOTS][0];
  private final double[][] doubles = new double[SLOTS][0];
  private int[] ints = new int[0];

  private Scratch() {}

  /** The calling thread's scratch. */
  public static Scratch get() {
    return LOCAL.get();
  }

  /**
   * At least {@code n} floats with unspecified content; different slots (0 … 5) are different
   * arrays.
   */
  public float[] floats(int slot, int n) {
    float[] a = floats[slot];
    if (a.length < n) {
      a = new float[grown(n)];
      floats[slot] = a;
    }
    return a;
  }

  /**
   * At least {@code n} doubles with unspecified content; different slots (0 … 5) are different
   * arrays.
   */
  public double[] doubles(int slot, int n) {
    double[] a = doubles[slot];
    if (a.length < n) {
      a = new double[grown(n)];
      doubles[slot] = a;
    }
    return a;
  }

  /** At least {@code n} ints with unspecified content. */
  public int[] ints(int n) {
    if (ints.length < n) {
      ints = new int[grown(n)];
    }
    return ints;
  }

  private static int grown(int n) {
    return Math.max(1024, n <= 1 << 28 ? Integer.highestOneBit(Math.max(1, n - 1)) << 1 : n);
  }
}
