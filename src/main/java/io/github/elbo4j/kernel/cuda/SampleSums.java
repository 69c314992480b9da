package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of one call that sum over the samples of each data point, and of a scalar that sums
 * over all: chunks of samples, each a row of the kernel, write partial sums that are added up in a
 * fixed order. Where a point's samples are one chunk it adds to the gradient itself.
 */
public final class SampleSums {
  private final DeviceCall call;
  private final int points;
  private final int columns;
  private final long chunks;
  private final long each;
  private final long gradient;
  private final long part;
  private final long scalar;
  private final long scalarPart;

  /**
   * Of {@code points} data points with {@code samples} each.
   *
   * @param gradient [points,columns], or null
   * @param scalar one element, or null
   */
  public SampleSums(
      DeviceCall call,
      int points,
      int samples,
      int columns,
      @Nullable Tensor gradient,
      @Nullable Tensor scalar) {
    this.call = call;
    this.points = points;
    this.columns = columns;
    chunks = ColumnSums.chunks(samples);
    each = ColumnSums.rowsEach(samples);
    this.gradient = call.inOut(gradient);
    boolean direct = gradient == null || chunks <= 1;
    part = direct ? this.gradient : call.scratch(Float.BYTES * chunks * points * columns);
    this.scalar = call.inOut(scalar);
    scalarPart = scalar == null ? 0 : call.scratch(Float.BYTES * rows());
  }

  /** Rows of the kernel. */
  public long rows() {
    return points * chunks;
  }

  /** Address of what the chunks add to or write; 0 where it is not wanted. */
  public long part() {
    return part;
  }

  /** Address of what the chunks write for the scalar, [rows]; 0 where it is not wanted. */
  public long scalarPart() {
    return scalarPart;
  }

  /** Passes the chunks of a point, and the samples of a chunk. */
  public void passChunks() {
    call.pass(chunks).pass(each);
  }

  /** Behind the kernel: adds the partial sums up. */
  public void addUp(ColumnSums sums) {
    if (part != gradient && rows() > 0) {
      sums.addTo(call, part, chunks, (long) points * columns, gradient);
    }
    if (scalar != 0 && rows() > 0) {
      sums.addAllTo(call, scalarPart, rows(), scalar);
    }
  }
}
