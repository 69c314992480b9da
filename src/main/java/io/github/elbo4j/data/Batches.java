package io.github.elbo4j.data;

/**
 * Shuffled mini-batches. Every example is seen exactly once an epoch; when the batch size does not
 * divide the number of examples, the last batch of an epoch is short, never dropped and never
 * filled up with examples of another epoch.
 *
 * <p>Batches are numbered through the whole run from 0, and batch b is a function of (data, batch
 * size, seed, b) alone. Allocates nothing after construction; not for use by several threads at
 * once.
 */
public final class Batches {
  private final Images data;
  private final int batchSize;
  private final int perEpoch;
  private final EpochOrder order;

  /**
   * The batches of {@code data} under {@code seed}.
   *
   * @param batchSize examples in a batch, at least 1; may exceed the number of examples
   */
  public Batches(Images data, int batchSize, long seed) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("Batches: batchSize " + batchSize + " must be >= 1");
    }
    this.data = data;
    this.batchSize = batchSize;
    this.perEpoch = Math.ceilDiv(data.count(), batchSize);
    this.order = new EpochOrder(data.count(), seed);
  }

  /** Batches in an epoch. */
  public int perEpoch() {
    return perEpoch;
  }

  /** The epoch (from 0) that batch {@code batch} belongs to. */
  public int epoch(long batch) {
    if (batch < 0 || batch / perEpoch > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "Batches: batch %d must be >= 0 and within 2^31 epochs of %d batches"
              .formatted(batch, perEpoch));
    }
    return (int) (batch / perEpoch);
  }

  /**
   * Examples in batch {@code batch}: the batch size, or what is left over at the end of an epoch.
   */
  public int rows(long batch) {
    epoch(batch);
    return Math.min(batchSize, data.count() - (int) (batch % perEpoch) * batchSize);
  }

  /**
   * Writes the pixels of batch {@code batch}, {@code [rows, height·width]}, to the start of {@code
   * out}; the rest of {@code out} keeps its values.
   *
   * @return the number of rows written, {@link #rows}
   * @throws IllegalArgumentException {@code out} is too short
   */
  public int fill(long batch, byte[] out) {
    int epoch = epoch(batch);
    int rows = rows(batch);
    if (out.length / data.size() < rows) {
      throw new IllegalArgumentException(
          "Batches.fill: out has %d bytes, want %d rows of %d"
              .formatted(out.length, rows, data.size()));
    }
    int first = (int) (batch % perEpoch) * batchSize;
    for (int row = 0; row < rows; row++) {
      data.copyRow(order.at(epoch, first + row), out, row * data.size());
    }
    return rows;
  }

  /**
   * Writes the labels of batch {@code batch} to the start of {@code out}; nothing where the images
   * have none.
   *
   * @throws IllegalArgumentException {@code out} is too short
   */
  public void fillLabels(long batch, byte[] out) {
    byte[] labels = data.labels();
    if (labels == null) {
      return;
    }
    int epoch = epoch(batch);
    int rows = rows(batch);
    if (out.length < rows) {
      throw new IllegalArgumentException(
          "Batches.fillLabels: out has %d bytes, want %d".formatted(out.length, rows));
    }
    int first = (int) (batch % perEpoch) * batchSize;
    for (int row = 0; row < rows; row++) {
      out[row] = labels[order.at(epoch, first + row)];
    }
  }
}
