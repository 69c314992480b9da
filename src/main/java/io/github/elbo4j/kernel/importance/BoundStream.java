package io.github.elbo4j.kernel.importance;

import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What {@link ImportanceKernels#push} keeps of the samples it has seen, for each data point: the
 * extreme log-weight, sums relative to it, and the last few samples, which wait until a segment of
 * {@value #SEGMENT} is full. Segments begin at multiples of that, wherever the chunks did, so the
 * chunks leave no trace. Memory: {@value #SEGMENT} floats and 4 doubles a data point, for any
 * number of samples. To be filled by the kernels of one backend.
 */
public final class BoundStream {
  /** Samples that are summed in float32 together; sums of segments are added in double. */
  static final int SEGMENT = 256;

  final float alpha;
  final float[] pending;
  final double[] totals;

  /** What a device keeps instead of the two: the totals of all points, then what waits. */
  @Nullable Tensor device;

  private final int points;
  private long count;

  /**
   * An empty stream.
   *
   * @param points B
   * @param alpha of the bound; not NaN
   */
  public BoundStream(int points, float alpha) {
    if (Float.isNaN(alpha)) {
      throw Checks.fail("BoundStream", "alpha must be a number or infinite, not NaN");
    }
    this.points = points;
    this.alpha = alpha;
    pending = new float[points * SEGMENT];
    totals = new double[points * BoundTotals.SIZE];
    reset();
  }

  /** Forgets every sample. */
  public void reset() {
    count = 0;
    Arrays.fill(totals, 0);
  }

  /** Data points. */
  public int points() {
    return points;
  }

  /** Samples of each data point so far. */
  public long count() {
    return count;
  }

  /** Samples that wait. */
  int waiting() {
    return (int) (count % SEGMENT);
  }

  void add(int samples) {
    count += samples;
  }
}
