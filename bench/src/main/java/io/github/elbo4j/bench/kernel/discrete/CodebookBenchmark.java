package io.github.elbo4j.bench.kernel.discrete;

import io.github.elbo4j.bench.kernel.Covers;
import io.github.elbo4j.bench.kernel.KernelBenchmark;
import io.github.elbo4j.bench.kernel.Numbers;
import io.github.elbo4j.bench.kernel.Work;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Vector quantisation. */
public class CodebookBenchmark extends KernelBenchmark {
  /** Rows x entries x dimensions. */
  @Param({"128x512x64", "4096x512x64"})
  public String shape = "";

  Tensor z;
  Tensor codebook;
  Tensor dOut;
  int[] index = {};
  private int[] nearest = {};
  private Tensor distance;
  private Tensor out;
  private Tensor dCodebook;
  private Tensor counts;
  private Tensor sums;
  private Tensor averageCounts;
  private Tensor averageSums;
  private Tensor updated;

  @Override
  protected void prepare(Numbers numbers) {
    int[] dims = Numbers.dims(shape);
    z = numbers.normal(dims[0], dims[2]);
    codebook = numbers.normal(dims[1], dims[2]);
    dOut = numbers.normal(dims[0], dims[2]);
    index = new int[dims[0]];
    Arrays.setAll(index, r -> (int) (r * 2654435761L % dims[1]));
    nearest = new int[dims[0]];
    distance = Tensor.zeros(dims[0]);
    out = Tensor.zeros(dims[0], dims[2]);
    dCodebook = Tensor.zeros(dims[1], dims[2]);
    counts = numbers.uniform(dims[1]);
    sums = numbers.normal(dims[1], dims[2]);
    averageCounts = numbers.uniform(dims[1]);
    averageSums = numbers.normal(dims[1], dims[2]);
    updated = Tensor.zeros(dims[1], dims[2]);
  }

  @Override
  protected Work work(String benchmark) {
    Work rows = Work.of(z.size());
    return switch (benchmark) {
      case "nearest" ->
          rows.reads(z, codebook)
              .writes(nearest)
              .writes(distance)
              .flops(2L * z.size() * codebook.rows());
      case "lookup" -> rows.reads(codebook).writes(out);
      case "lookupBackward" -> rows.reads(dOut).updates(dCodebook);
      case "usage" -> rows.reads(z).writes(counts, sums);
      case "movingAverage" ->
          Work.of(sums.size())
              .reads(counts, sums)
              .updates(averageCounts, averageSums)
              .writes(updated);
      default -> throw new IllegalArgumentException(benchmark);
    };
  }

  @Benchmark
  @Covers("codebook.nearest")
  public int[] nearest() {
    k.codebook().nearest(z, codebook, nearest, distance);
    return nearest;
  }

  @Benchmark
  @Covers("codebook.lookup")
  public Tensor lookup() {
    k.codebook().lookup(codebook, index, out);
    return out;
  }

  @Benchmark
  @Covers("codebook.lookupBackward")
  public Tensor lookupBackward() {
    k.codebook().lookupBackward(index, dOut, dCodebook);
    return dCodebook;
  }

  @Benchmark
  @Covers("codebook.usage")
  public Tensor usage() {
    k.codebook().usage(index, z, counts, sums);
    return sums;
  }

  @Benchmark
  @Covers("codebook.movingAverage")
  public Tensor movingAverage() {
    k.codebook().movingAverage(counts, sums, 0.99f, 1e-5f, averageCounts, averageSums, updated);
    return updated;
  }
}
