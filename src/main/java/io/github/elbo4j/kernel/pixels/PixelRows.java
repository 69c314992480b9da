package io.github.elbo4j.kernel.pixels;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.kernel.random.PhiloxSimd;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Runs of pixels as floats, for any fused kernel that reads bytes. Single-threaded: a kernel reads
 * the pixels of its own block.
 */
public final class PixelRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final VectorSpecies<Integer> I = SimdMath.I;
  private static final int L = SimdMath.L;

  /** As many bytes as there are float lanes. The smallest vector of bytes has 8. */
  private static final VectorSpecies<Byte> B =
      L == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

  private static final boolean VECTORS = B.length() == L;

  /**
   * 1/255 in two parts: {@code fma(x, HIGH, x·LOW)} is the correctly rounded x/255 for each of the
   * 256 values (a test goes through them), at a fraction of a division's cost.
   */
  private static final float HIGH = 1 / 255f;

  private static final float LOW = (float) (1 / 255.0 - HIGH);

  private PixelRows() {}

  /** {@code out[to + i] = x[from + i] / 255}, i &lt; n. */
  public static void scale(byte[] x, int from, float[] out, int to, int n) {
    int full = VECTORS ? F.loopBound(n) : 0;
    FloatVector high = FloatVector.broadcast(F, HIGH);
    FloatVector low = FloatVector.broadcast(F, LOW);
    for (int i = 0; i < full; i += L) {
      ByteVector bytes = ByteVector.fromArray(B, x, from + i);
      IntVector whole = (IntVector) bytes.convertShape(ZERO_EXTEND_B2I, I, 0);
      FloatVector v = (FloatVector) whole.convert(I2F, 0);
      v.fma(high, v.mul(low)).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = PixelsReference.scale(x[from + i]);
    }
  }

  /**
   * {@code out[to + i] = 1} where the uniform of element {@code first + i} is less than {@code
   * x[from + i] / 255}, else 0, i &lt; n.
   */
  public static void binarize(
      NoiseKey key, long first, byte[] x, int from, float[] out, int to, int n) {
    PhiloxSimd.uniforms(key, first, out, to, n);
    threshold(x, from, out, to, n);
  }

  /** Uniforms become draws, in place. */
  private static void threshold(byte[] x, int from, float[] out, int to, int n) {
    int full = VECTORS ? F.loopBound(n) : 0;
    FloatVector high = FloatVector.broadcast(F, HIGH);
    FloatVector low = FloatVector.broadcast(F, LOW);
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < full; i += L) {
      ByteVector bytes = ByteVector.fromArray(B, x, from + i);
      IntVector whole = (IntVector) bytes.convertShape(ZERO_EXTEND_B2I, I, 0);
      FloatVector v = (FloatVector) whole.convert(I2F, 0);
      FloatVector u = FloatVector.fromArray(F, out, to + i);
      zero.blend(one, u.compare(LT, v.fma(high, v.mul(low)))).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = out[to + i] < PixelsReference.scale(x[from + i]) ? 1 : 0;
    }
  }
}
