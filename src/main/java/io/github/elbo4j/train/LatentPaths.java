package io.github.elbo4j.train;

import io.github.elbo4j.data.Images;
import java.util.Arrays;

/** Walks through a latent space: between two latents, along one dimension, along an attribute. */
public final class LatentPaths {
  private LatentPaths() {}

  /** How to go from one latent to another. */
  public enum Interpolation {
    /** On the straight line. */
    LINEAR,
    /**
     * On the great circle (White 2016), with the length growing linearly: the middle of two draws
     * of a Gaussian in many dimensions is then as far from the origin as they are.
     */
    SLERP
  }

  /**
   * The latent at {@code t} from 0 (a) to 1 (b).
   *
   * <pre>
   * slerp: ( sin((1−t)·ω)·a/|a| + sin(t·ω)·b/|b| )/sin ω · ( (1−t)·|a| + t·|b| ),  ω the angle
   * </pre>
   *
   * Where the angle is so small (or so near π) that the formula has no meaning, the straight line.
   */
  public static float[] between(float[] a, float[] b, double t, Interpolation how) {
    double normA = norm(a);
    double normB = norm(b);
    double cosine = dot(a, b) / (normA * normB);
    double angle = Math.acos(Math.clamp(cosine, -1, 1));
    boolean straight = how == Interpolation.LINEAR || !(Math.sin(angle) > 1e-4);
    double length = (1 - t) * normA + t * normB;
    double weightA =
        straight ? 1 - t : Math.sin((1 - t) * angle) / Math.sin(angle) * length / normA;
    double weightB = straight ? t : Math.sin(t * angle) / Math.sin(angle) * length / normB;
    float[] z = new float[a.length];
    for (int i = 0; i < z.length; i++) {
      z[i] = (float) (weightA * a[i] + weightB * b[i]);
    }
    return z;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * (double) b[i];
    }
    return sum;
  }

  private static double norm(float[] a) {
    return Math.sqrt(dot(a, a));
  }

  /**
   * A latent moved along each of some dimensions: row after row {@code steps} latents with that
   * dimension at −range … range and the others as they are.
   *
   * @return [dimensions·steps,D]
   */
  public static float[] traverse(float[] z, int[] dimensions, double range, int steps) {
    float[] all = new float[dimensions.length * steps * z.length];
    int at = 0;
    for (int dimension : dimensions) {
      for (int s = 0; s < steps; s++) {
        System.arraycopy(z, 0, all, at, z.length);
        all[at + dimension] = (float) (steps == 1 ? 0 : range * (2.0 * s / (steps - 1) - 1));
        at += z.length;
      }
    }
    return all;
  }

  /** Dimensions by how much the latents vary in them, most first. */
  public static int[] byVariance(float[] z, int d) {
    int count = z.length / d;
    double[] variance = new double[d];
    for (int k = 0; k < d; k++) {
      double mean = 0;
      double square = 0;
      for (int i = 0; i < count; i++) {
        mean += z[i * d + k] / (double) count;
        square += z[i * d + k] * (double) z[i * d + k] / count;
      }
      variance[k] = square - mean * mean;
    }
    Integer[] order = new Integer[d];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(variance[b], variance[a]));
    return Arrays.stream(order).mapToInt(Integer::intValue).toArray();
  }

  /**
   * The attribute vector from one class to another: mean latent of the one minus that of the other
   * (Larsen et al. 2016).
   *
   * @param z [n,D] latents of {@code images}
   * @throws ConfigException when the images have no labels or none of a class
   */
  public static float[] attribute(float[] z, Images images, int from, int to) {
    byte[] labels = images.labels();
    if (labels == null) {
      throw new ConfigException(
          images.name() + " has no labels, which the attribute is taken from");
    }
    int d = z.length / images.count();
    double[] sum = new double[d];
    for (int label : new int[] {from, to}) {
      int members = 0;
      double[] mean = new double[d];
      for (int i = 0; i < labels.length; i++) {
        if ((labels[i] & 0xFF) == label) {
          members++;
          for (int k = 0; k < d; k++) {
            mean[k] += z[i * d + k];
          }
        }
      }
      if (members == 0) {
        throw new ConfigException("no picture of class " + label + " in " + images.name());
      }
      for (int k = 0; k < d; k++) {
        sum[k] += (label == from ? -1 : 1) * mean[k] / members;
      }
    }
    float[] attribute = new float[d];
    for (int k = 0; k < d; k++) {
      attribute[k] = (float) sum[k];
    }
    return from == to ? new float[d] : attribute;
  }
}
