package io.github.elbo4j.kernel;

/** Reused work arrays, one set a thread; asked for once a kernel call or block, never in a loop. */
public final class Scratch {
  private static final ThreadLocal<Scratch> LOCAL = ThreadLocal.withInitial(Scratch::new);
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
