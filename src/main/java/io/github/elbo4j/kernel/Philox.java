package io.github.elbo4j.kernel;

/**
 * Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3" (SC 2011): ten rounds map a 128-bit counter and a 64-bit key to four
 * 32-bit words.
 *
 * <p>Element i of a noise array depends on (seed, stream, step, i) alone, so that any backend, with
 * any number of threads and in any order, draws the same integers. Elements come in groups of 64
 * made of 16 blocks: element {@code 64 g + 16 w + j} is word w of the block with counter {@code (16
 * g + j) low, (16 g + j) high, step, stream}. The spread by 16 lets a vector of up to 16 lanes hold
 * the same word of neighbouring blocks, without a shuffle.
 */
public final class Philox {
  /** Elements a group of blocks yields. */
  public static final int GROUP = 64;

  /** Blocks in a group. */
  public static final int BLOCKS = 16;

  /** Multiplier of counter words 0 and 1. */
  public static final int M0 = 0xD2511F53;

  /** Multiplier of counter words 2 and 3. */
  public static final int M1 = 0xCD9E8D57;

  /** Weyl increment of the key's low word. */
  public static final int W0 = 0x9E3779B9;

  /** Weyl increment of the key's high word. */
  public static final int W1 = 0xBB67AE85;

  private Philox() {}

  /** Word {@code word} (0 … 3) of the block of the given counter and key. */
  public static int word(int c0, int c1, int c2, int c3, int k0, int k1, int word) {
    for (int round = 0; round < 10; round++) {
      long p = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
      long q = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
      c0 = (int) (q >>> 32) ^ c1 ^ k0;
      c2 = (int) (p >>> 32) ^ c3 ^ k1;
      c1 = (int) q;
      c3 = (int) p;
      k0 += W0;
      k1 += W1;
    }
    return switch (word) {
      case 0 -> c0;
      case 1 -> c1;
      case 2 -> c2;
      default -> c3;
    };
  }

  /** The 32 random bits of element {@code index} &gt;= 0. */
  public static int bits(NoiseKey key, long index) {
    return bits(key.seed(), key.stream(), key.step(), index);
  }

  /** The 32 random bits of element {@code index} &gt;= 0. */
  public static int bits(long seed, int stream, int step, long index) {
    long block = (index >>> 6) * BLOCKS + (index & (BLOCKS - 1));
    int word = (int) (index >>> 4) & 3;
    return word(
        (int) block, (int) (block >>> 32), step, stream, (int) seed, (int) (seed >>> 32), word);
  }

  /**
   * The uniform number of 32 random bits: {@code (k + ½)·2⁻²³} with k the upper 23 bits. Exact in
   * float32, so the same on every backend; never 0 and never 1.
   */
  public static float uniform(int bits) {
    return ((bits >>> 9) + 0.5f) * 0x1p-23f;
  }
}
