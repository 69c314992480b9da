package io.github.elbo4j.kernel;

/**
 * Prints the vector length and a hash of the bits of every array function; run in JVMs with other
 * flags.
 */
final class SimdMathBits {
  private SimdMathBits() {}

  public static void main(String[] args) {
    System.out.println(SimdMath.L + " " + hash());
  }

  static String hash() {
    StringBuilder hashes = new StringBuilder();
    for (ArrayFunctionCase f : ArrayFunctionCase.values()) {
      hashes.append(f).append(':').append(Integer.toHexString(hash(f))).append(' ');
    }
    return hashes.toString().strip();
  }

  /** Over 1,500 bit patterns of all magnitudes and 500 values of ordinary size. */
  private static int hash(ArrayFunctionCase f) {
    float[] a = SimdMathTest.arguments(2003);
    for (int i = 0; i < 1500; i++) {
      a[i] = Float.intBitsToFloat(i * 2863313);
    }
    f.function.whole(a, 0, a, 0, a.length);
    int hash = 1;
    for (float x : a) {
      hash = 31 * hash + (Float.isNaN(x) ? 0x7fc00000 : Float.floatToRawIntBits(x));
    }
    return hash;
  }
}
