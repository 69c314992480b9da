package io.github.elbo4j.kernel.compose;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.GemmProvider;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.kernel.cuda.Totals;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link ComposeKernels} on a device: cuda/compose.cu. */
public final class ComposeCuda extends ComposeKernels {
  private static final int THREADS = 256;

  private final Cuda cuda;
  private final CudaKernel addScaled;
  private final CudaKernel addProduct;
  private final CudaKernel addColumns;
  private final CudaKernel addColumnsBackward;
  private final RowKernel addRowSums;
  private final CudaKernel addRowSumsBackward;
  private final CudaKernel merge;
  private final CudaKernel mergeBackward;
  private final CudaKernel columnSums;
  private final CudaKernel means;
  private final CudaKernel centre;
  private final CudaKernel penalty;
  private final CudaKernel penaltySlopes;
  private final CudaKernel addAll;
  private final CudaKernel bits;
  private final CudaKernel shuffle;
  private final GemmProvider gemm;

  public ComposeCuda(Cuda cuda, GemmProvider gemm) {
    this.cuda = cuda;
    addScaled = cuda.kernel("compose", "compose_add_scaled");
    addProduct = cuda.kernel("compose", "compose_add_product");
    addColumns = cuda.kernel("compose", "compose_add_columns");
    addColumnsBackward = cuda.kernel("compose", "compose_add_columns_backward");
    addRowSums = cuda.rows("compose", "compose_add_row_sums");
    addRowSumsBackward = cuda.kernel("compose", "compose_add_row_sums_backward");
    merge = cuda.kernel("compose", "compose_merge");
    mergeBackward = cuda.kernel("compose", "compose_merge_backward");
    columnSums = cuda.kernel("reduce", "reduce_column_sums");
    means = cuda.kernel("compose", "compose_means");
    centre = cuda.kernel("compose", "compose_centre");
    penalty = cuda.kernel("compose", "compose_penalty");
    penaltySlopes = cuda.kernel("compose", "compose_penalty_slopes");
    addAll = cuda.kernel("reduce", "reduce_add_sum");
    bits = cuda.kernel("random", "random_bits");
    shuffle = cuda.kernel("compose", "compose_shuffle");
    this.gemm = gemm;
  }

  @Override
  protected void doAddScaled(Tensor x, float weight, @Nullable Tensor factor, Tensor y) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(x)).pass(weight).pass(call.in(factor)).pass(call.inOut(y)).pass(x.size());
    call.launchFlat(addScaled, (x.size() + 3L) / 4);
    call.end();
  }

  @Override
  protected void doAddProduct(Tensor a, Tensor b, Tensor y) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(a)).pass(call.in(b)).pass(call.inOut(y)).pass(a.size());
    call.launchFlat(addProduct, (a.size() + 3L) / 4);
    call.end();
  }

  @Override
  protected void doAddColumns(Tensor from, int fromColumn, Tensor to, int toColumn, int count) {
    if (to.rows() == 0 || count == 0) {
      return;
    }
    DeviceCall call = cuda.begin();
    call.pass(column(call.in(from), fromColumn)).pass(from.columns());
    call.pass(column(call.inOut(to), toColumn)).pass(to.columns());
    call.pass(to.rows()).pass(to.rows() / from.rows()).pass(count);
    call.launchFlat(addColumns, (long) to.rows() * count);
    call.end();
  }

  @Override
  protected void doAddColumnsBackward(
      Tensor dTo, int toColumn, Tensor dFrom, int fromColumn, int count) {
    if (dTo.rows() == 0 || count == 0) {
      return;
    }
    DeviceCall call = cuda.begin();
    call.pass(column(call.in(dTo), toColumn)).pass(dTo.columns());
    call.pass(column(call.inOut(dFrom), fromColumn)).pass(dFrom.columns());
    call.pass(dFrom.rows()).pass(dTo.rows() / dFrom.rows()).pass(count);
    call.launchFlat(addColumnsBackward, (long) dFrom.rows() * count);
    call.end();
  }

  private static long column(long address, int column) {
    return address + (long) Float.BYTES * column;
  }

  @Override
  protected void doAddRowSums(Tensor x, Tensor y) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(x)).pass(call.inOut(y)).pass(x.rows()).pass(x.columns());
    call.launchRows(addRowSums, x.rows(), x.columns());
    call.end();
  }

  @Override
  protected void doAddRowSumsBackward(Tensor dy, Tensor dx) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(dy)).pass(call.inOut(dx)).pass(dx.size()).pass(dx.columns());
    call.launchFlat(addRowSumsBackward, dx.size());
    call.end();
  }

  @Override
  protected void doMergeGaussians(
      Tensor mu1, Tensor logVar1, Tensor mu2, Tensor logVar2, Tensor mu, Tensor logVar) {
    DeviceCall call = cuda.begin();
    passGaussians(call, mu1, logVar1, mu2, logVar2);
    call.pass(call.out(mu)).pass(call.out(logVar)).pass(mu1.size());
    call.launchFlat(merge, mu1.size());
    call.end();
  }

  @Override
  protected void doMergeGaussiansBackward(
      Tensor mu1,
      Tensor logVar1,
      Tensor mu2,
      Tensor logVar2,
      @Nullable Tensor dMu,
      @Nullable Tensor dLogVar,
      @Nullable Tensor dMu1,
      @Nullable Tensor dLogVar1,
      @Nullable Tensor dMu2,
      @Nullable Tensor dLogVar2) {
    DeviceCall call = cuda.begin();
    passGaussians(call, mu1, logVar1, mu2, logVar2);
    call.pass(call.in(dMu)).pass(call.in(dLogVar));
    call.pass(call.inOut(dMu1)).pass(call.inOut(dLogVar1));
    call.pass(call.inOut(dMu2)).pass(call.inOut(dLogVar2)).pass(mu1.size());
    call.launchFlat(mergeBackward, mu1.size());
    call.end();
  }

  private static void passGaussians(
      DeviceCall call, Tensor mu1, Tensor logVar1, Tensor mu2, Tensor logVar2) {
    call.pass(call.in(mu1)).pass(call.in(logVar1)).pass(call.in(mu2)).pass(call.in(logVar2));
  }

  @Override
  protected void doCovariancePenalty(Tensor mu, float lambdaOff, float lambdaDiag, Tensor out) {
    DeviceCall call = cuda.begin();
    long d = mu.columns();
    long products = products(call, mu, deviations(call, mu));
    long to = call.inOut(out);
    long blocks = Totals.blocks(d * d);
    long part = call.scratch(blocks * Float.BYTES);
    call.pass(products).pass(d).pass(mu.rows()).pass(lambdaOff).pass(lambdaDiag);
    call.pass(part).pass(to).launch(penalty, blocks, CudaKernel.THREADS, 0);
    if (blocks > 1) {
      call.pass(part).pass(blocks).pass(1f).pass(0L).pass(to);
      call.launch(addAll, 1, CudaKernel.THREADS, 0);
    }
    call.end();
  }

  @Override
  protected void doCovariancePenaltyBackward(
      Tensor mu, float lambdaOff, float lambdaDiag, Tensor dOut, Tensor dMu) {
    DeviceCall call = cuda.begin();
    long d = mu.columns();
    long x = deviations(call, mu);
    long slopes = products(call, mu, x);
    call.pass(slopes).pass(d).pass(mu.rows()).pass(lambdaOff).pass(lambdaDiag);
    call.pass(call.in(dOut)).launchFlat(penaltySlopes, d * d);
    gemm.product(call, x, false, slopes, false, true, call.inOut(dMu), mu.rows(), d, d);
    call.end();
  }

  /** Address of what the rows deviate from their mean by, [B,D]. */
  private long deviations(DeviceCall call, Tensor mu) {
    int rows = mu.rows();
    int d = mu.columns();
    long from = call.in(mu);
    long chunks = ColumnSums.chunks(rows);
    long part = call.scratch(chunks * d * Double.BYTES);
    call.pass(from).pass(part).pass(rows).pass(d).pass(ColumnSums.rowsEach(rows));
    call.launchFlat(columnSums, chunks * d);
    long mean = call.scratch((long) d * Double.BYTES);
    call.pass(part).pass(chunks).pass(mean).pass(rows).pass(d).launchFlat(means, d);
    long x = call.scratch((long) Float.BYTES * mu.size());
    call.pass(from).pass(mean).pass(x).pass(mu.size()).pass(d).launchFlat(centre, mu.size());
    return x;
  }

  /** Address of B·C, [D,D], of the deviations at x. */
  private long products(DeviceCall call, Tensor mu, long x) {
    long d = mu.columns();
    long products = call.scratch(d * d * Float.BYTES);
    gemm.product(call, x, true, x, false, false, products, d, d, mu.rows());
    return products;
  }

  @Override
  protected void doShuffleColumns(Tensor z, NoiseKey noise, Tensor out) {
    if (z.size() == 0) {
      return;
    }
    DeviceCall call = cuda.begin();
    long keys = call.scratch((long) Integer.BYTES * z.size());
    call.pass(noise).pass(0L).pass(keys).pass(z.size()).launchNoise(bits, 0, z.size());
    long chunks = (z.rows() + THREADS - 1L) / THREADS;
    call.pass(keys).pass(call.in(z)).pass(call.out(out)).pass(z.rows()).pass(z.columns());
    call.pass(chunks).launch(shuffle, chunks * z.columns(), THREADS, 0);
    call.end();
  }
}
