package io.github.elbo4j.kernel;

import static jdk.incubator.vector.VectorOperators.*;

import jdk.incubator.vector.*;

/** Vector mathematics. */
public final class SimdMath {
  public static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  public static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  public static final int L = F.length();
  private static final float[] EXP = {
    1.9875691500E-4f,
    1.3981999507E-3f,
    8.3334519073E-3f,
    4.1665795894E-2f,
    1.6666665459E-1f,
    5.0000001201E-1f
  };
  private static final float[] LOG = {
    7.0376836292E-2f, -1.1514610310E-1f, 1.1676998740E-1f, -1.2420140846E-1f, 1.4249322787E-1f,
    -1.6668057665E-1f, 2.0000714765E-1f, -2.4999993993E-1f, 3.3333331174E-1f, -0.5f
  };
  private static final float LN2_HI = 0.693359375f, LN2_LO = -2.12194440e-4f;

  private SimdMath() {}

  public static FloatVector exp(FloatVector x) {
    FloatVector hi = FloatVector.broadcast(F, 88f);
    return expNonPositive(x.blend(hi, x.compare(GT, hi)));
  }

  public static FloatVector expNonPositive(FloatVector x) {
    FloatVector lo = FloatVector.broadcast(F, -87.3f);
    FloatVector magic = FloatVector.broadcast(F, 12582912f);
    x = x.blend(lo, x.compare(LT, lo));
    FloatVector t = x.fma(FloatVector.broadcast(F, 1.44269504f), magic);
    FloatVector k = t.sub(magic);
    FloatVector r =
        k.fma(FloatVector.broadcast(F, -LN2_LO), k.fma(FloatVector.broadcast(F, -LN2_HI), x));
    FloatVector p = FloatVector.broadcast(F, EXP[0]);
    for (int i = 1; i < 6; i++) p = p.fma(r, FloatVector.broadcast(F, EXP[i]));
    p = p.fma(r.mul(r), r.add(FloatVector.broadcast(F, 1f)));
    return p.reinterpretAsInts()
        .add(t.reinterpretAsInts().lanewise(LSHL, 23))
        .reinterpretAsFloats();
  }

  public static FloatVector log(FloatVector x) {
    IntVector b = x.reinterpretAsInts();
    IntVector e = b.sub(0x3f3504f3).lanewise(ASHR, 23);
    FloatVector f = b.sub(e.lanewise(LSHL, 23)).reinterpretAsFloats().sub(1f);
    FloatVector k = (FloatVector) e.convert(I2F, 0);
    FloatVector p = FloatVector.broadcast(F, LOG[0]);
    for (int i = 1; i < 10; i++) p = p.fma(f, FloatVector.broadcast(F, LOG[i]));
    FloatVector y = k.fma(FloatVector.broadcast(F, LN2_LO), p.mul(f.mul(f)));
    return k.fma(FloatVector.broadcast(F, LN2_HI), f.add(y));
  }

  public static void exp(float[] a, int aFrom, float[] out, int outFrom, int n) {
    int full = F.loopBound(n);
    for (int i = 0; i < full; i += L)
      exp(FloatVector.fromArray(F, a, aFrom + i)).intoArray(out, outFrom + i);
    if (full < n) {
      VectorMask<Float> t = F.indexInRange(0, n - full);
      exp(FloatVector.fromArray(F, a, aFrom + full, t)).intoArray(out, outFrom + full, t);
    }
  }
}
