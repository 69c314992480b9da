package io.github.elbo4j.kernel.random;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.Philox;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Philox bits and what is made of them, for any fused kernel that draws its own noise. Two short
 * loops over a block that stays in L1: the words, then their transformation. Single-threaded: a
 * kernel draws inside its own block.
 */
public final class PhiloxSimd {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final VectorSpecies<Integer> I = SimdMath.I;
  private static final VectorSpecies<Long> WIDE = VectorSpecies.of(long.class, F.vectorShape());
  private static final int L = SimdMath.L;

  /** Groups of 64 elements made at once: 4 KiB of bits. */
  private static final int BLOCK = 16;

  /** (sin(½πf) − ½πf)/…: odd and even minimax polynomials on |angle| &lt;= π/4. */
  private static final float[] SIN = {-1.9515296e-4f, 8.3321608e-3f, -1.6666654e-1f};

  private static final float[] COS = {2.4433157e-5f, -1.3887316e-3f, 4.1666646e-2f, -0.5f, 1f};

  private enum Kind {
    UNIFORM,
    NORMAL
  }

  private PhiloxSimd() {}

  /** {@code out[from + i] = } the bits of element {@code first + i}, i &lt; n. */
  public static void bits(NoiseKey key, long first, int[] out, int from, int n) {
    int[] bits = Scratch.get().ints(BLOCK * Philox.GROUP);
    for (long at = first, end = first + n; at < end; ) {
      long group = at / Philox.GROUP;
      words(key, group, 1, bits);
      int skip = (int) (at % Philox.GROUP);
      int count = (int) Math.min(Philox.GROUP - skip, end - at);
      System.arraycopy(bits, skip, out, from, count);
      from += count;
      at += count;
    }
  }

  /** {@code out[from + i] = } the uniform of element {@code first + i}, i &lt; n. */
  public static void uniforms(NoiseKey key, long first, float[] out, int from, int n) {
    fill(key, first, out, from, n, Kind.UNIFORM);
  }

  /** {@code out[from + i] = } the normal of element {@code first + i}, i &lt; n. */
  public static void normals(NoiseKey key, long first, float[] out, int from, int n) {
    fill(key, first, out, from, n, Kind.NORMAL);
  }

  /**
   * Whole blocks of groups go straight to {@code out}; a group cut by either end goes through
   * scratch.
   */
  private static void fill(NoiseKey key, long first, float[] out, int from, int n, Kind kind) {
    Scratch scratch = Scratch.get();
    int[] bits = scratch.ints(BLOCK * Philox.GROUP);
    for (long at = first, end = first + n; at < end; ) {
      long group = at / Philox.GROUP;
      int skip = (int) (at % Philox.GROUP);
      int whole = (int) Math.min(BLOCK, (end - at) / Philox.GROUP);
      if (skip != 0 || whole == 0) {
        float[] cut = scratch.floats(Scratch.NOISE, Philox.GROUP);
        words(key, group, 1, bits);
        transform(bits, cut, 0, Philox.GROUP, kind);
        int count = (int) Math.min(Philox.GROUP - skip, end - at);
        System.arraycopy(cut, skip, out, from, count);
        from += count;
        at += count;
      } else {
        words(key, group, whole, bits);
        transform(bits, out, from, whole * Philox.GROUP, kind);
        from += whole * Philox.GROUP;
        at += (long) whole * Philox.GROUP;
      }
    }
  }

  private static void transform(int[] bits, float[] out, int from, int n, Kind kind) {
    if (kind == Kind.NORMAL) {
      boxMuller(bits, out, from, n);
    } else {
      toUniform(bits, out, from, n);
    }
  }

  /**
   * The words of {@code groups} groups from {@code group} on. 32-bit words travel in 64-bit lanes,
   * because the multiplication needs all 64 bits of its product: one vector for even blocks and one
   * for odd, woven together at the end.
   */
  private static void words(NoiseKey key, long group, int groups, int[] bits) {
    for (int g = 0; g < groups; g++) {
      for (int j = 0; j < Philox.BLOCKS; j += L) {
        rounds(key, (group + g) * Philox.BLOCKS + j, bits, g * Philox.GROUP + j);
      }
    }
  }

  private static void rounds(NoiseKey key, long first, int[] bits, int at) {
    LongVector block = LongVector.zero(WIDE).addIndex(2).add(first);
    LongVector low = LongVector.broadcast(WIDE, 0xFFFFFFFFL);
    LongVector m0 = LongVector.broadcast(WIDE, Philox.M0 & 0xFFFFFFFFL);
    LongVector m1 = LongVector.broadcast(WIDE, Philox.M1 & 0xFFFFFFFFL);
    LongVector next = block.add(1);
    LongVector a0 = block.and(low);
    LongVector a1 = block.lanewise(LSHR, 32);
    LongVector b0 = next.and(low);
    LongVector b1 = next.lanewise(LSHR, 32);
    LongVector a2 = LongVector.broadcast(WIDE, key.step() & 0xFFFFFFFFL);
    LongVector a3 = LongVector.broadcast(WIDE, key.stream() & 0xFFFFFFFFL);
    LongVector b2 = a2;
    LongVector b3 = a3;
    int k0 = (int) key.seed();
    int k1 = (int) (key.seed() >>> 32);
    for (int round = 0; round < 10; round++) {
      LongVector key0 = LongVector.broadcast(WIDE, k0 & 0xFFFFFFFFL);
      LongVector key1 = LongVector.broadcast(WIDE, k1 & 0xFFFFFFFFL);
      LongVector p = a0.mul(m0);
      LongVector q = a2.mul(m1);
      a0 = q.lanewise(LSHR, 32).lanewise(XOR, a1).lanewise(XOR, key0);
      a2 = p.lanewise(LSHR, 32).lanewise(XOR, a3).lanewise(XOR, key1);
      a1 = q.and(low);
      a3 = p.and(low);
      p = b0.mul(m0);
      q = b2.mul(m1);
      b0 = q.lanewise(LSHR, 32).lanewise(XOR, b1).lanewise(XOR, key0);
      b2 = p.lanewise(LSHR, 32).lanewise(XOR, b3).lanewise(XOR, key1);
      b1 = q.and(low);
      b3 = p.and(low);
      k0 += Philox.W0;
      k1 += Philox.W1;
    }
    a0.or(b0.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at);
    a1.or(b1.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at + 16);
    a2.or(b2.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at + 32);
    a3.or(b3.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at + 48);
  }

  private static void toUniform(int[] bits, float[] out, int from, int n) {
    for (int i = 0; i < n; i += L) {
      IntVector k = IntVector.fromArray(I, bits, i).lanewise(LSHR, 9);
      ((FloatVector) k.convert(I2F, 0)).add(0.5f).mul(0x1p-23f).intoArray(out, from + i);
    }
  }

  private static void boxMuller(int[] bits, float[] out, int from, int n) {
    for (int pair = 0; pair < n; pair += 32) {
      for (int j = pair; j < pair + 16; j += L) {
        IntVector k = IntVector.fromArray(I, bits, j).lanewise(LSHR, 9);
        FloatVector u = ((FloatVector) k.convert(I2F, 0)).add(0.5f).mul(0x1p-23f);
        FloatVector radius = SimdMath.log(u).mul(-2f).sqrt();
        // angle = ½π·turn = ½π·(quadrant + f), f in [−½, ½]
        FloatVector magic = FloatVector.broadcast(F, 12582912f); // 1.5·2²³ rounds to an integer
        FloatVector turn =
            ((FloatVector) IntVector.fromArray(I, bits, j + 16).convert(I2F, 0)).mul(0x1p-30f);
        FloatVector rounded = turn.add(magic);
        FloatVector f = turn.sub(rounded.sub(magic)).mul(1.5707963f);
        FloatVector f2 = f.mul(f);
        FloatVector s = FloatVector.broadcast(F, SIN[0]);
        for (int c = 1; c < 3; c++) {
          s = s.fma(f2, FloatVector.broadcast(F, SIN[c]));
        }
        FloatVector c2 = FloatVector.broadcast(F, COS[0]);
        for (int c = 1; c < 5; c++) {
          c2 = c2.fma(f2, FloatVector.broadcast(F, COS[c]));
        }
        IntVector q = rounded.reinterpretAsInts();
        IntVector sin = s.mul(f2).fma(f, f).reinterpretAsInts();
        IntVector cos = c2.reinterpretAsInts();
        // Odd quadrants swap sine and cosine; the signs are bit 1 of q + 1 and of q.
        IntVector swap = sin.lanewise(XOR, cos).and(q.lanewise(LSHL, 31).lanewise(ASHR, 31));
        IntVector cosSign = q.add(1).and(2).lanewise(LSHL, 30);
        IntVector sinSign = q.and(2).lanewise(LSHL, 30);
        cos = cos.lanewise(XOR, swap).lanewise(XOR, cosSign);
        sin = sin.lanewise(XOR, swap).lanewise(XOR, sinSign);
        radius.mul(cos.reinterpretAsFloats()).intoArray(out, from + j);
        radius.mul(sin.reinterpretAsFloats()).intoArray(out, from + j + 16);
      }
    }
  }
}
