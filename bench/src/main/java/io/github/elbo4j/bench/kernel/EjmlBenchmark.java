package io.github.elbo4j.bench.kernel;

import org.ejml.data.FMatrixRMaj;

/**
 * A family in EJML, the JVM's own library of dense matrices: plain loops on one thread, a call a
 * matrix, as its users write it.
 */
public abstract class EjmlBenchmark<B extends KernelBenchmark> extends PeerBenchmark<B> {
  /** A copy of the matrix number {@code index} of a batch of matrices. */
  protected static FMatrixRMaj matrix(
      io.github.elbo4j.tensor.Tensor batch, int index, int rows, int columns) {
    FMatrixRMaj matrix = new FMatrixRMaj(rows, columns);
    int size = rows * columns;
    System.arraycopy(batch.array(), batch.offset() + index * size, matrix.data, 0, size);
    return matrix;
  }

  /** Names a batch as an output to compare. */
  protected final void record(FMatrixRMaj[] batch) {
    if (isVerifying()) {
      int size = batch.length == 0 ? 0 : batch[0].getNumElements();
      float[] values = new float[batch.length * size];
      for (int i = 0; i < batch.length; i++) {
        System.arraycopy(batch[i].data, 0, values, i * size, size);
      }
      record(values);
    }
  }
}
