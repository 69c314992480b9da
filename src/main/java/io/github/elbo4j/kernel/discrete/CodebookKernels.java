package io.github.elbo4j.kernel.discrete;

import io.github.elbo4j.kernel.Aliases;
import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Vector quantisation (KERNELS.md §7; van den Oord et al. 2017): R encodings z of D dimensions and
 * a codebook of J entries e. Its objective is {@code ‖z − sg(e)‖²·β + ‖sg(z) − e‖²}, and the
 * decoder's gradient passes straight through from e to z; the codebook learns by gradient or by
 * moving averages.
 */
public abstract class CodebookKernels {
  /**
   * The nearest entry of each row, with the distances computed on the way and never stored.
   *
   * <pre>
   * index[r]    = argmin_j ‖z_r − e_j‖²       the first of equals; decided by ‖e_j‖² − 2·z_r·e_j
   * distance[r] = ‖z_r − e_index‖²
   * </pre>
   *
   * Two entries whose distances differ by less than the rounding of a float32 sum of {@code (‖z‖ +
   * ‖e‖)²} may be taken for equal. A row with a NaN, or a distance to every entry of +∞ or NaN, has
   * index 0 and its distance.
   *
   * @param z read, [R,D]
   * @param codebook read, [J,D], J at least 1
   * @param index written, R entries
   * @param distance written, R elements, or null
   */
  public final void nearest(Tensor z, Tensor codebook, int[] index, @Nullable Tensor distance) {
    String m = "nearest";
    if (codebook.rows() == 0) {
      throw Checks.fail(m, "codebook " + codebook.shape() + " must have at least one entry");
    }
    Checks.columns(m, "z", z, codebook.columns());
    checkIndex(m, index, z.rows());
    Checks.length(m, "distance", distance, z.rows());
    Aliases.of(m).reads("z", z).reads("codebook", codebook).writes("distance", distance).end();
    doNearest(z, codebook, index, distance);
  }

  /**
   * Entries by index: {@code out[r] = e_index[r]}.
   *
   * @param codebook read, [J,D]
   * @param index read, R entries in 0 … J − 1
   * @param out written, [R,D]
   */
  public final void lookup(Tensor codebook, int[] index, Tensor out) {
    String m = "lookup";
    Checks.columns(m, "out", out, codebook.columns());
    checkEntries(m, index, out.rows(), codebook.rows());
    Aliases.of(m).reads("codebook", codebook).writes("out", out).end();
    doLookup(codebook, index, out);
  }

  /**
   * Gradient of {@link #lookup}: {@code dCodebook[j] += Σ_{r: index[r] = j} dOut[r]}, in the order
   * of the rows.
   *
   * @param index read, R entries in 0 … J − 1
   * @param dOut read, [R,D]
   * @param dCodebook accumulated, [J,D]
   */
  public final void lookupBackward(int[] index, Tensor dOut, Tensor dCodebook) {
    String m = "lookupBackward";
    Checks.columns(m, "dCodebook", dCodebook, dOut.columns());
    checkEntries(m, index, dOut.rows(), dCodebook.rows());
    Aliases.of(m).reads("dOut", dOut).writes("dCodebook", dCodebook).end();
    doLookupBackward(index, dOut, dCodebook);
  }

  /**
   * What the moving average needs: how often each entry was nearest, and the sum of what it was
   * nearest to.
   *
   * <pre>
   * counts[j] = #{r: index[r] = j}        sums[j] = Σ_{r: index[r] = j} z_r
   * </pre>
   *
   * @param index read, R entries in 0 … J − 1
   * @param z read, [R,D]
   * @param counts written, J elements
   * @param sums written, [J,D]
   */
  public final void usage(int[] index, Tensor z, Tensor counts, Tensor sums) {
    String m = "usage";
    Checks.columns(m, "sums", sums, z.columns());
    Checks.length(m, "counts", counts, sums.rows());
    checkEntries(m, index, z.rows(), sums.rows());
    Aliases.of(m).reads("z", z).writes("counts", counts).writes("sums", sums).end();
    doUsage(index, z, counts, sums);
  }

  /**
   * One step of the codebook by exponential moving averages (van den Oord et al. 2017, appendix A),
   * with Laplace smoothing of the counts so that an entry that is never used keeps a value.
   *
   * <pre>
   * averageCounts = decay·averageCounts + (1 − decay)·counts
   * averageSums   = decay·averageSums   + (1 − decay)·sums
   * n             = Σ_j averageCounts
   * e_j           = averageSums_j / ( (averageCounts_j + smoothing)/(n + J·smoothing)·n )
   * </pre>
   *
   * @param counts read, J elements, of this batch
   * @param sums read, [J,D], of this batch
   * @param decay in [0,1)
   * @param smoothing &gt; 0, such as 1e-5
   * @param averageCounts read and written, J elements
   * @param averageSums read and written, [J,D]
   * @param codebook written, [J,D]; left as it is while n is 0
   */
  public final void movingAverage(
      Tensor counts,
      Tensor sums,
      float decay,
      float smoothing,
      Tensor averageCounts,
      Tensor averageSums,
      Tensor codebook) {
    String m = "movingAverage";
    if (!(decay >= 0 && decay < 1)) {
      throw Checks.fail(m, "decay " + decay + " must be in [0,1)");
    }
    if (!(smoothing > 0) || Float.isInfinite(smoothing)) {
      throw Checks.fail(m, "smoothing " + smoothing + " must be > 0 and finite");
    }
    Checks.length(m, "counts", counts, codebook.rows());
    Checks.length(m, "averageCounts", averageCounts, codebook.rows());
    Checks.same(m, "sums", sums, "codebook", codebook);
    Checks.same(m, "averageSums", averageSums, "codebook", codebook);
    Aliases.of(m)
        .reads("counts", counts)
        .reads("sums", sums)
        .writes("averageCounts", averageCounts)
        .writes("averageSums", averageSums)
        .writes("codebook", codebook)
        .end();
    doMovingAverage(counts, sums, decay, smoothing, averageCounts, averageSums, codebook);
  }

  private static void checkIndex(String m, int[] index, int rows) {
    if (index.length != rows) {
      throw Checks.fail(m, "index has %d entries, which must be %d".formatted(index.length, rows));
    }
  }

  private static void checkEntries(String m, int[] index, int rows, int entries) {
    checkIndex(m, index, rows);
    for (int r = 0; r < rows; r++) {
      if (index[r] < 0 || index[r] >= entries) {
        throw Checks.fail(
            m, "index[%d] is %d, which must be in [0,%d)".formatted(r, index[r], entries));
      }
    }
  }

  protected abstract void doNearest(
      Tensor z, Tensor codebook, int[] index, @Nullable Tensor distance);

  protected abstract void doLookup(Tensor codebook, int[] index, Tensor out);

  protected abstract void doLookupBackward(int[] index, Tensor dOut, Tensor dCodebook);

  protected abstract void doUsage(int[] index, Tensor z, Tensor counts, Tensor sums);

  protected abstract void doMovingAverage(
      Tensor counts,
      Tensor sums,
      float decay,
      float smoothing,
      Tensor averageCounts,
      Tensor averageSums,
      Tensor codebook);
}
