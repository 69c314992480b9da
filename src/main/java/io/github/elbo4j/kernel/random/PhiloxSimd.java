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
  private static final long LOW = 0xFFFFFFFFL;

  /** Groups of 64 elements made at once: 4 KiB of bits. Even. */
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
      int skip = (int) (at % Philox.GROUP);
      int groups = (int) Math.min(BLOCK, Math.ceilDiv(skip + end - at, Philox.GROUP));
      words(key, group, groups, bits);
      int count = (int) Math.min(groups * Philox.GROUP - skip, end - at);
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
   * The words of {@code groups} groups from {@code group} on; of one more where they are odd.
   * 32-bit words travel in 64-bit lanes, because the multiplication needs all 64 bits of its
   * product: one vector for even blocks and one for odd, woven together at the end.
   */
  private static void words(NoiseKey key, long group, int groups, int[] bits) {
    for (int g = 0; g < groups; g += 2) {
      for (int j = 0; j < Philox.BLOCKS; j += L) {
        rounds(key, (group + g) * Philox.BLOCKS + j, bits, g * Philox.GROUP + j);
      }
    }
  }

  /**
   * Two neighbouring groups together, a with b and c with d: a round waits for the products of the
   * one before it, and the vectors of one group leave the multipliers idle. What does not depend on
   * a product goes first.
   */
  private static void rounds(NoiseKey key, long first, int[] bits, int at) {
    LongVector low = LongVector.broadcast(WIDE, LOW);
    LongVector m0 = LongVector.broadcast(WIDE, Philox.M0 & LOW);
    LongVector m1 = LongVector.broadcast(WIDE, Philox.M1 & LOW);
    LongVector word2 = LongVector.broadcast(WIDE, key.step() & LOW);
    LongVector word3 = LongVector.broadcast(WIDE, key.stream() & LOW);
    LongVector even = LongVector.zero(WIDE).addIndex(2).add(first);
    LongVector odd = even.add(1);
    LongVector a0 = even.and(low);
    LongVector b0 = odd.and(low);
    LongVector a1 = even.lanewise(LSHR, 32);
    LongVector b1 = odd.lanewise(LSHR, 32);
    LongVector a2 = word2;
    LongVector b2 = word2;
    LongVector a3 = word3;
    LongVector b3 = word3;
    even = even.add(Philox.BLOCKS);
    odd = odd.add(Philox.BLOCKS);
    LongVector c0 = even.and(low);
    LongVector d0 = odd.and(low);
    LongVector c1 = even.lanewise(LSHR, 32);
    LongVector d1 = odd.lanewise(LSHR, 32);
    LongVector c2 = word2;
    LongVector d2 = word2;
    LongVector c3 = word3;
    LongVector d3 = word3;
    int k0 = (int) key.seed();
    int k1 = (int) (key.seed() >>> 32);
    for (int round = 0; round < 10; round++) {
      LongVector key0 = LongVector.broadcast(WIDE, k0 & LOW);
      LongVector key1 = LongVector.broadcast(WIDE, k1 & LOW);
      LongVector p = a0.mul(m0);
      LongVector q = a2.mul(m1);
      a0 = a1.lanewise(XOR, key0).lanewise(XOR, q.lanewise(LSHR, 32));
      a2 = a3.lanewise(XOR, key1).lanewise(XOR, p.lanewise(LSHR, 32));
      a1 = q.and(low);
      a3 = p.and(low);
      p = b0.mul(m0);
      q = b2.mul(m1);
      b0 = b1.lanewise(XOR, key0).lanewise(XOR, q.lanewise(LSHR, 32));
      b2 = b3.lanewise(XOR, key1).lanewise(XOR, p.lanewise(LSHR, 32));
      b1 = q.and(low);
      b3 = p.and(low);
      p = c0.mul(m0);
      q = c2.mul(m1);
      c0 = c1.lanewise(XOR, key0).lanewise(XOR, q.lanewise(LSHR, 32));
      c2 = c3.lanewise(XOR, key1).lanewise(XOR, p.lanewise(LSHR, 32));
      c1 = q.and(low);
      c3 = p.and(low);
      p = d0.mul(m0);
      q = d2.mul(m1);
      d0 = d1.lanewise(XOR, key0).lanewise(XOR, q.lanewise(LSHR, 32));
      d2 = d3.lanewise(XOR, key1).lanewise(XOR, p.lanewise(LSHR, 32));
      d1 = q.and(low);
      d3 = p.and(low);
      k0 += Philox.W0;
      k1 += Philox.W1;
    }
    a0.or(b0.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at);
    a1.or(b1.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at + 16);
    a2.or(b2.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at + 32);
    a3.or(b3.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at + 48);
    c0.or(d0.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at + 64);
    c1.or(d1.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at + 80);
    c2.or(d2.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at + 96);
    c3.or(d3.lanewise(LSHL, 32)).reinterpretAsInts().intoArray(bits, at + 112);
  }

  private static void toUniform(int[] bits, float[] out, int from, int n) {
    for (int i = 0; i < n; i += L) {
      IntVector k = IntVector.fromArray(I, bits, i).lanewise(LSHR, 9);
      ((FloatVector) k.convert(I2F, 0)).add(0.5f).mul(0x1p-23f).intoArray(out, from + i);
    }
  }

  private static void boxMuller(int[] bits, float[] out, int from, int n) {
    for (int i = 0; i < n / 2; i += L) {
      int j = 2 * (i & -16) + (i & 15); // 16 of a radius, then 16 of an angle
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
