package io.github.elbo4j.bench.kernel.covariance;

import io.github.elbo4j.bench.kernel.EjmlBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import org.ejml.data.FMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_FDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F32;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** {@link CholeskyBenchmark} in EJML, a matrix at a time. */
public class CholeskyEjml extends EjmlBenchmark<CholeskyBenchmark> {
  /** As there. */
  @Param({"1024x32x8", "1024x64x8", "256x128x8", "128x32x1", "4096x32x1"})
  public String shape = "";

  private FMatrixRMaj[] a = new FMatrixRMaj[0];
  private FMatrixRMaj[] l = new FMatrixRMaj[0];
  private FMatrixRMaj work = new FMatrixRMaj();
  private CholeskyDecomposition_F32<FMatrixRMaj> cholesky = DecompositionFactory_FDRM.chol(1, true);

  @Override
  protected void prepare(CholeskyBenchmark ours) {
    int[] dims = Numbers.dims(shape);
    int d = dims[1];
    a = new FMatrixRMaj[dims[0]];
    l = new FMatrixRMaj[dims[0]];
    for (int b = 0; b < a.length; b++) {
      a[b] = matrix(ours.a, b, d, d);
      l[b] = new FMatrixRMaj(d, d);
    }
    work = new FMatrixRMaj(d, d);
    cholesky = DecompositionFactory_FDRM.chol(d, true);
  }

  @Benchmark
  public Object factor() {
    for (int b = 0; b < a.length; b++) {
      work.setTo(a[b]); // which is factored in place
      if (!cholesky.decompose(work)) {
        throw new IllegalStateException("matrix " + b + " is not positive definite");
      }
      cholesky.getT(l[b]);
    }
    record(l);
    return l;
  }
}
