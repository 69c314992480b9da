package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.kernel.SimdMath;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link CodebookKernels} on vectors. */
public final class CodebookSimd extends CodebookKernels {
  private static final ThreadLocal<NearestTask> NEAREST = ThreadLocal.withInitial(NearestTask::new);
  private static final ThreadLocal<ScatterTask> SCATTER = ThreadLocal.withInitial(ScatterTask::new);

  @Override
  protected void doNearest(Tensor z, Tensor codebook, int[] index, @Nullable Tensor distance) {
    NEAREST.get().run(z, codebook, index, distance);
  }

  @Override
  protected void doLookup(Tensor codebook, int[] index, Tensor out) {
    int d = out.columns();
    for (int r = 0; r < index.length; r++) {
      int from = codebook.offset() + index[r] * d;
      System.arraycopy(codebook.array(), from, out.array(), out.offset() + r * d, d);
    }
  }

  @Override
  protected void doLookupBackward(int[] index, Tensor dOut, Tensor dCodebook) {
    SCATTER.get().add(index, dOut, dCodebook);
  }

  @Override
  protected void doUsage(int[] index, Tensor z, Tensor counts, Tensor sums) {
    counts.fill(0);
    for (int entry : index) {
      counts.array()[counts.offset() + entry]++; // exact up to 2²⁴ rows
    }
    sums.fill(0);
    SCATTER.get().add(index, z, sums);
  }

  @Override
  protected void doMovingAverage(
      Tensor counts,
      Tensor sums,
      float decay,
      float smoothing,
      Tensor averageCounts,
      Tensor averageSums,
      Tensor codebook) {
    average(averageCounts, counts, decay);
    average(averageSums, sums, decay);
    int entries = averageCounts.size();
    int d = codebook.columns();
    float[] lanes = Scratch.get().floats(0, SimdMath.L);
    double total = Lanes.sum(averageCounts.array(), averageCounts.offset(), entries, lanes);
    if (total == 0) {
      return;
    }
    for (int j = 0; j < entries; j++) {
      double n = averageCounts.array()[averageCounts.offset() + j];
      float scale = (float) ((total + entries * (double) smoothing) / ((n + smoothing) * total));
      int sum = averageSums.offset() + j * d;
      scale(averageSums.array(), sum, scale, codebook.array(), codebook.offset() + j * d, d);
    }
  }

  private static void scale(float[] a, int from, float scale, float[] out, int to, int n) {
    for (int i = 0; i < n; i++) {
      out[to + i] = a[from + i] * scale;
    }
  }

  private static void average(Tensor old, Tensor now, float decay) {
    float[] a = old.array();
    float[] b = now.array();
    int to = old.offset();
    int from = now.offset();
    int n = old.size();
    for (int i = 0; i < n; i++) {
      a[to + i] = decay * a[to + i] + (1 - decay) * b[from + i];
    }
  }
}
