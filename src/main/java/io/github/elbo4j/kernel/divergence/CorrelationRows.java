package io.github.elbo4j.kernel.divergence;

import static jdk.incubator.vector.VectorOperators.GT;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.SimdMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** One sample against all posteriors; n is a whole number of vectors. */
final class CorrelationRows {
  private static final VectorSpecies<Float> F = SimdMath.F;
  private static final int L = SimdMath.L;

  private CorrelationRows() {}

  /**
   * One dimension: {@code l = c − ½(z − mu)²·p}, added to {@code joint}; {@code terms = l + logW}.
   * The parameters of dimension i begin at {@code at} of their three matrices.
   */
  static void logDensities(
      float[] columns,
      int at,
      int matrix,
      float z,
      float[] logW,
      float[] terms,
      float[] joint,
      int n) {
    FloatVector sample = FloatVector.broadcast(F, z);
    FloatVector minusHalf = FloatVector.broadcast(F, -0.5f);
    for (int j = 0; j < n; j += L) {
      FloatVector distance = sample.sub(FloatVector.fromArray(F, columns, at + j));
      FloatVector square =
          distance.mul(FloatVector.fromArray(F, columns, at + matrix + j)).mul(distance);
      FloatVector l = square.fma(minusHalf, FloatVector.fromArray(F, columns, at + 2 * matrix + j));
      l.add(FloatVector.fromArray(F, joint, j)).intoArray(joint, j);
      l.add(FloatVector.fromArray(F, logW, j)).intoArray(terms, j);
    }
  }

  /** The same without the joint: {@code terms = l + logW − logQ}. */
  static void logResponsibilities(
      float[] columns,
      int at,
      int matrix,
      float z,
      float[] logW,
      float logQ,
      float[] terms,
      int n) {
    FloatVector sample = FloatVector.broadcast(F, z);
    FloatVector minusHalf = FloatVector.broadcast(F, -0.5f);
    FloatVector shift = FloatVector.broadcast(F, logQ);
    for (int j = 0; j < n; j += L) {
      FloatVector distance = sample.sub(FloatVector.fromArray(F, columns, at + j));
      FloatVector square =
          distance.mul(FloatVector.fromArray(F, columns, at + matrix + j)).mul(distance);
      square
          .fma(minusHalf, FloatVector.fromArray(F, columns, at + 2 * matrix + j))
          .add(FloatVector.fromArray(F, logW, j))
          .sub(shift)
          .intoArray(terms, j);
    }
  }

  /** joint += logW. */
  static void addWeights(float[] joint, float[] logW, int n) {
    for (int j = 0; j < n; j += L) {
      FloatVector.fromArray(F, joint, j).add(FloatVector.fromArray(F, logW, j)).intoArray(joint, j);
    }
  }

  /** log Σ exp(terms); NaN where a term is one. */
  static double logSumExp(float[] terms, int n, float[] lanes) {
    float max = max(terms, n, lanes);
    if (max == Float.NEGATIVE_INFINITY) {
      return Lanes.sum(terms, 0, n, lanes); // −∞, or NaN where one of them is
    }
    double sum = 0;
    for (int j = 0; j < n; j += Lanes.CHUNK) {
      sumExp(terms, j, max, Math.min(Lanes.CHUNK, n - j), lanes);
      sum += Lanes.sum(lanes, 0);
    }
    return max + Math.log(sum);
  }

  /** A NaN compares false and is passed over: the sum of exponentials will have it. */
  private static float max(float[] terms, int n, float[] lanes) {
    FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    for (int j = 0; j < n; j += L) {
      FloatVector v = FloatVector.fromArray(F, terms, j);
      most = most.blend(v, v.compare(GT, most));
    }
    most.intoArray(lanes, 0);
    float max = lanes[0];
    for (int l = 1; l < L; l++) {
      max = Math.max(max, lanes[l]);
    }
    return max;
  }

  private static void sumExp(float[] terms, int from, float max, int n, float[] lanes) {
    FloatVector shift = FloatVector.broadcast(F, max);
    FloatVector sum = FloatVector.zero(F);
    for (int j = 0; j < n; j += L) {
      sum = sum.add(SimdMath.expNonPositive(FloatVector.fromArray(F, terms, from + j).sub(shift)));
    }
    sum.intoArray(lanes, 0);
  }

  /** joint = g·exp(joint − logQ): the responsibilities, weighted. */
  static void responsibilities(float[] joint, float logQ, float g, int n) {
    FloatVector shift = FloatVector.broadcast(F, logQ);
    FloatVector gradient = FloatVector.broadcast(F, g);
    for (int j = 0; j < n; j += L) {
      SimdMath.expNonPositive(FloatVector.fromArray(F, joint, j).sub(shift))
          .mul(gradient)
          .intoArray(joint, j);
    }
  }

  /**
   * One dimension of the gradient for the posteriors from {@code first} on: with {@code G = shared
   * + g·exp(terms)} and {@code t = G·(z − mu)·p}, {@code dMu += t} and {@code dLogVar += ½(t·(z −
   * mu) − G)}; the lane sums of t into {@code lanes}.
   */
  static void gradients(
      float[] columns,
      int at,
      int matrix,
      float z,
      float[] terms,
      float g,
      float[] shared,
      int dMu,
      int dLogVar,
      int first,
      int end,
      float[] lanes) {
    FloatVector sample = FloatVector.broadcast(F, z);
    FloatVector gradient = FloatVector.broadcast(F, g);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector sum = FloatVector.zero(F);
    for (int j = first; j < end; j += L) {
      FloatVector own = SimdMath.expNonPositive(FloatVector.fromArray(F, terms, j));
      FloatVector whole = own.fma(gradient, FloatVector.fromArray(F, shared, j));
      FloatVector distance = sample.sub(FloatVector.fromArray(F, columns, at + j));
      FloatVector t = distance.mul(FloatVector.fromArray(F, columns, at + matrix + j)).mul(whole);
      sum = sum.add(t);
      t.add(FloatVector.fromArray(F, columns, dMu + j)).intoArray(columns, dMu + j);
      t.mul(distance)
          .sub(whole)
          .fma(half, FloatVector.fromArray(F, columns, dLogVar + j))
          .intoArray(columns, dLogVar + j);
    }
    sum.intoArray(lanes, 0);
  }
}
