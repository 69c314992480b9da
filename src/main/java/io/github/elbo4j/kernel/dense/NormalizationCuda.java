package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@link NormalizationKernels} on a device: cuda/normalization.cu. */
public final class NormalizationCuda extends NormalizationKernels {
  /** Rows a thread of the elementwise kernels walks down its column. */
  private static final int ROWS_EACH = 4;

  private final Cuda cuda;
  private final RowKernel softmax;
  private final RowKernel softmaxBackward;
  private final RowKernel layer;
  private final RowKernel layerBackward;
  private final CudaKernel gradientSums;
  private final CudaKernel chunkMoments;
  private final RowKernel channelMoments;
  private final CudaKernel fixedRstd;
  private final CudaKernel channels;
  private final RowKernel channelSums;
  private final CudaKernel channelsBackward;
  private final ColumnSums columnSums;

  public NormalizationCuda(Cuda cuda) {
    this.cuda = cuda;
    softmax = rows("softmax");
    softmaxBackward = rows("softmax_backward");
    layer = rows("layer");
    layerBackward = rows("layer_backward");
    gradientSums = kernel("gradient_sums");
    chunkMoments = kernel("chunk_moments");
    channelMoments = rows("channel_moments");
    fixedRstd = kernel("fixed_rstd");
    channels = kernel("channels");
    channelSums = rows("channel_sums");
    channelsBackward = kernel("channels_backward");
    columnSums = new ColumnSums(cuda);
  }

  private RowKernel rows(String hook) {
    return cuda.rows("normalization", "normalization_" + hook);
  }

  private CudaKernel kernel(String hook) {
    return cuda.kernel("normalization", "normalization_" + hook);
  }

  @Override
  protected void doSoftmax(Tensor x, boolean log, Tensor y) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(x)).pass(log).pass(call.out(y)).pass(x.rows()).pass(x.columns());
    call.launchRows(softmax, x.rows(), x.columns());
    call.end();
  }

  @Override
  protected void doSoftmaxBackward(Tensor y, boolean log, Tensor dY, Tensor dX) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(y)).pass(log).pass(call.in(dY)).pass(call.inOut(dX));
    call.pass(y.rows()).pass(y.columns()).launchRows(softmaxBackward, y.rows(), y.columns());
    call.end();
  }

  @Override
  protected void doLayerNorm(
      Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor y, Tensor mean, Tensor rstd) {
    DeviceCall call = cuda.begin();
    call.pass(call.in(x)).pass(call.in(gain)).pass(call.in(bias)).pass(epsilon);
    call.pass(call.out(y)).pass(call.out(mean)).pass(call.out(rstd));
    call.pass(x.rows()).pass(x.columns()).launchRows(layer, x.rows(), x.columns());
    call.end();
  }

  @Override
  protected void doLayerNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    DeviceCall call = cuda.begin();
    Arrays a = new Arrays(call, x, gain, mean, rstd, dY);
    if (dX != null) {
      call.pass(a.x).pass(a.gain).pass(a.mean).pass(a.rstd).pass(a.dY).pass(call.inOut(dX));
      call.pass(x.rows()).pass(x.columns()).launchRows(layerBackward, x.rows(), x.columns());
    }
    if (dGain != null && dBias != null) {
      long sums = gradientSums(call, a, 0);
      long n = x.columns();
      long chunks = ColumnSums.chunks(a.rows);
      columnSums.addTo(call, sums, chunks, n, call.inOut(dGain));
      columnSums.addTo(call, sums + a.partBytes(), chunks, n, call.inOut(dBias));
    }
    call.end();
  }

  /** What both backward passes read, on the device. */
  private static final class Arrays {
    final long x;
    final long gain;
    final long mean;
    final long rstd;
    final long dY;
    final long rows;
    final long columns;

    Arrays(DeviceCall call, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dY) {
      this.x = call.in(x);
      this.gain = call.in(gain);
      this.mean = call.in(mean);
      this.rstd = call.in(rstd);
      this.dY = call.in(dY);
      rows = x.rows();
      columns = x.columns();
    }

    /** Bytes of one partial sum a chunk and column. */
    long partBytes() {
      return ColumnSums.chunks(rows) * columns * Float.BYTES;
    }
  }

  /**
   * Address of the partial sums of the gain's gradient, [chunks,columns], with those of the bias's
   * behind them.
   *
   * @param pixels elements a channel; 0 where each row has statistics of its own
   */
  private long gradientSums(DeviceCall call, Arrays a, long pixels) {
    long sums = call.scratch(2 * a.partBytes());
    call.pass(a.x).pass(a.mean).pass(a.rstd).pass(pixels).pass(a.dY);
    call.pass(sums).pass(sums + a.partBytes());
    passRows(call, a.rows, a.columns, ColumnSums.rowsEach(a.rows), gradientSums);
    return sums;
  }

  /** Launches a kernel whose threads walk {@code per} rows of a column each. */
  private static void passRows(
      DeviceCall call, long rows, long columns, long per, CudaKernel kernel) {
    call.pass(rows).pass(columns).pass(per).launchFlat(kernel, (rows + per - 1) / per * columns);
  }

  @Override
  protected void doBatchNorm(
      Tensor x,
      Tensor gain,
      Tensor bias,
      float epsilon,
      float momentum,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor y,
      Tensor mean,
      Tensor rstd) {
    long columns = x.columns();
    long pixels = columns / gain.size();
    long per = ColumnSums.rowsEach(x.rows());
    long chunks = ColumnSums.chunks(x.rows());
    DeviceCall call = cuda.begin();
    long from = call.in(x);
    long toMean = call.out(mean);
    long toRstd = call.out(rstd);
    long chunkMean = call.scratch(chunks * columns * Float.BYTES);
    long chunkVariance = call.scratch(chunks * columns * Float.BYTES);
    call.pass(from).pass(chunkMean).pass(chunkVariance);
    passRows(call, x.rows(), columns, per, chunkMoments);
    call.pass(chunkMean).pass(chunkVariance).pass(x.rows()).pass(gain.size()).pass(pixels);
    call.pass(per).pass(epsilon).pass(momentum);
    call.pass(call.inOut(runningMean)).pass(call.inOut(runningVariance)).pass(toMean).pass(toRstd);
    call.launchRows(channelMoments, gain.size(), chunks * pixels);
    normalize(call, x, from, gain, bias, toMean, toRstd, y);
    call.end();
  }

  private void normalize(
      DeviceCall call,
      Tensor x,
      long from,
      Tensor gain,
      Tensor bias,
      long mean,
      long rstd,
      Tensor y) {
    call.pass(from).pass(call.in(gain)).pass(call.in(bias)).pass(mean).pass(rstd);
    call.pass(x.columns() / gain.size()).pass(call.out(y));
    passRows(call, x.rows(), x.columns(), ROWS_EACH, channels);
  }

  @Override
  protected void doFixedNorm(
      Tensor x,
      Tensor gain,
      Tensor bias,
      Tensor mean,
      Tensor variance,
      float epsilon,
      Tensor y,
      Tensor rstd) {
    DeviceCall call = cuda.begin();
    long toRstd = call.out(rstd);
    call.pass(call.in(variance)).pass(epsilon).pass(toRstd).pass(rstd.size());
    call.launchFlat(fixedRstd, rstd.size());
    normalize(call, x, call.in(x), gain, bias, call.in(mean), toRstd, y);
    call.end();
  }

  @Override
  protected void doBatchNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    DeviceCall call = cuda.begin();
    Arrays a = new Arrays(call, x, gain, mean, rstd, dY);
    long totals = channelTotals(call, a, gain.size(), dGain, dBias);
    if (dX != null) {
      inputGradient(call, a, gain.size(), totals, dX);
    }
    call.end();
  }

  @Override
  protected void doFixedNormBackward(
      Tensor x,
      Tensor gain,
      Tensor mean,
      Tensor rstd,
      Tensor dY,
      @Nullable Tensor dX,
      @Nullable Tensor dGain,
      @Nullable Tensor dBias) {
    DeviceCall call = cuda.begin();
    Arrays a = new Arrays(call, x, gain, mean, rstd, dY);
    if (dGain != null) {
      channelTotals(call, a, gain.size(), dGain, dBias);
    }
    if (dX != null) {
      inputGradient(call, a, gain.size(), 0, dX);
    }
    call.end();
  }

  /** Address of Σ dY·h of each channel with Σ dY behind, which are added to dGain and dBias. */
  private long channelTotals(
      DeviceCall call, Arrays a, long count, @Nullable Tensor dGain, @Nullable Tensor dBias) {
    long pixels = a.columns / count;
    long chunks = ColumnSums.chunks(a.rows);
    long sums = gradientSums(call, a, pixels);
    long totals = call.scratch(2 * count * Float.BYTES);
    call.pass(sums).pass(sums + a.partBytes()).pass(chunks).pass(count).pass(pixels);
    call.pass(totals).pass(totals + count * Float.BYTES);
    call.pass(call.inOut(dGain)).pass(call.inOut(dBias));
    call.launchRows(channelSums, count, chunks * pixels);
    return totals;
  }

  /** dX; the statistics are fixed where there are no totals. */
  private void inputGradient(DeviceCall call, Arrays a, long count, long totals, Tensor dX) {
    call.pass(a.x).pass(a.gain).pass(a.mean).pass(a.rstd);
    call.pass(totals).pass(totals == 0 ? 0 : totals + count * Float.BYTES).pass(a.dY);
    call.pass(a.columns / count).pass(call.inOut(dX));
    passRows(call, a.rows, a.columns, ROWS_EACH, channelsBackward);
  }
}
