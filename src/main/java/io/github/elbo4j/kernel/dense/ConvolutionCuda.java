package io.github.elbo4j.kernel.dense;

import static io.github.elbo4j.kernel.cuda.CudaKernel.THREADS;

import io.github.elbo4j.kernel.cuda.ColumnSums;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.kernel.cuda.RowKernel;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link ConvolutionKernels} on a device: cuda/convolution.cu. Each product has its kernel in three
 * forms of tiles, of which the one that needs fewest is taken. Where those are few, the depth of
 * the product is cut in chunks whose partial sums are then added in order. All of it depends on the
 * sizes alone, and so do the bits.
 */
public final class ConvolutionCuda extends ConvolutionKernels {
  /** Rows of the tiles, all of TILE elements; the first of equals is taken. */
  private static final int[] ROWS = {64, 32, 16};

  private static final int TILE = 4096;

  /** Most blocks that chunks are made for. */
  private static final int ENOUGH_BLOCKS = 320;

  /** Shortest chunk, and what it is a multiple of: the depth of a slice in shared memory. */
  private static final int SHORTEST_CHUNK = 128;

  private static final int SLICE = 16;

  private final Cuda cuda;
  private final CudaKernel[] images;
  private final CudaKernel[] weights;
  private final CudaKernel finish;
  private final RowKernel slope;
  private final ColumnSums columnSums;

  public ConvolutionCuda(Cuda cuda) {
    this.cuda = cuda;
    images = forms(cuda, "convolution_images_");
    weights = forms(cuda, "convolution_weights_");
    finish = cuda.kernel("convolution", "convolution_finish");
    slope = cuda.rows("convolution", "convolution_slope");
    columnSums = new ColumnSums(cuda);
  }

  private static CudaKernel[] forms(Cuda cuda, String name) {
    CudaKernel[] kernels = new CudaKernel[ROWS.length];
    for (int i = 0; i < kernels.length; i++) {
      kernels[i] = cuda.kernel("convolution", name + ROWS[i]);
    }
    return kernels;
  }

  @Override
  protected void doForward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      Activation f,
      @Nullable Tensor pre,
      Tensor y) {
    DeviceCall call = cuda.begin();
    Written to = new Written(call.in(bias), f, call.out(pre), call.out(y), false, y.size());
    images(call, shape, false, call.in(x), call.in(w), x.rows(), to);
    call.end();
  }

  @Override
  protected void doTransposed(
      ConvShape shape,
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      Activation f,
      @Nullable Tensor pre,
      Tensor y) {
    DeviceCall call = cuda.begin();
    Written to = new Written(call.in(bias), f, call.out(pre), call.out(y), false, y.size());
    images(call, shape, true, call.in(x), call.in(w), x.rows(), to);
    call.end();
  }

  @Override
  protected void doBackward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    DeviceCall call = cuda.begin();
    long g = slopes(call, shape.outChannels(), f, pre, y, dY, dPre, dBias);
    if (dX != null) {
      addImages(call, shape, true, g, w, dX);
    }
    if (dW != null) {
      addWeights(call, shape, g, call.in(x), x.rows(), dW);
    }
    call.end();
  }

  @Override
  protected void doTransposedBackward(
      ConvShape shape,
      Tensor x,
      Tensor w,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dX,
      @Nullable Tensor dW,
      @Nullable Tensor dBias) {
    DeviceCall call = cuda.begin();
    long g = slopes(call, shape.inChannels(), f, pre, y, dY, dPre, dBias);
    if (dX != null) {
      addImages(call, shape, false, g, w, dX);
    }
    if (dW != null) {
      addWeights(call, shape, call.in(x), g, x.rows(), dW);
    }
    call.end();
  }

  /** The address of dPre, whose sums over images and pixels are added to dBias. */
  private long slopes(
      DeviceCall call,
      int channels,
      Activation f,
      @Nullable Tensor pre,
      Tensor y,
      Tensor dY,
      Tensor dPre,
      @Nullable Tensor dBias) {
    long g = call.out(dPre);
    long rows = (long) y.rows() * channels;
    long pixels = y.columns() / channels;
    long sums = dBias == null ? 0 : call.scratch(rows * Float.BYTES);
    call.pass(f.code()).pass(f.needsPre() ? call.in(pre) : 0).pass(call.in(y)).pass(call.in(dY));
    call.pass(g).pass(sums).pass(rows).pass(pixels).launchRows(slope, rows, pixels);
    if (dBias != null) {
      columnSums.addTo(call, sums, y.rows(), channels, call.inOut(dBias));
    }
    return g;
  }

  /** dX += the convolution of g, or the transposed one. */
  private void addImages(
      DeviceCall call, ConvShape shape, boolean transposed, long g, Tensor w, Tensor dX) {
    Written to = new Written(0, Activation.NONE, 0, call.inOut(dX), true, dX.size());
    images(call, shape, transposed, g, call.in(w), dX.rows(), to);
  }

  /** What becomes of an image's sums: {@code pre = sums + bias}, {@code y = f(pre)}, or +=. */
  private record Written(long bias, Activation f, long pre, long y, boolean add, long size) {
    void pass(DeviceCall call) {
      call.pass(bias).pass(f.code()).pass(pre).pass(y).pass(add);
    }
  }

  /** The convolution of the images at {@code from}, or the transposed one. */
  private void images(
      DeviceCall call, ConvShape s, boolean transposed, long from, long w, long batch, Written to) {
    int channels = transposed ? s.inChannels() : s.outChannels();
    long points = transposed ? batch * phasePixels(s) : batch * s.outPixels();
    int form = form(channels, points);
    long across = across(form, points);
    long blocks = (transposed ? phases(s) : 1) * across * down(form, channels);
    int chunks = chunks(blocks, transposed ? phaseDepth(s) : s.patch());
    long part = chunks == 1 ? 0 : call.scratch(chunks * to.size() * Float.BYTES);
    call.pass(transposed).pass(from).pass(w);
    (chunks == 1 ? to : new Written(0, Activation.NONE, 0, part, false, 0)).pass(call);
    pass(call.pass(batch).pass(across), s);
    call.launch(images[form], blocks, chunks, THREADS, 0);
    if (chunks > 1) {
      call.pass(part).pass(chunks);
      to.pass(call);
      call.pass(to.size()).pass(to.size() / batch / channels).pass(channels);
      call.launchFlat(finish, to.size());
    }
  }

  /** Phases of the stride, each of which is a product of its own. */
  private static long phases(ConvShape s) {
    ConvShape.Axis h = s.height();
    ConvShape.Axis w = s.width();
    return (long) Math.min(h.in(), h.stride()) * Math.min(w.in(), w.stride());
  }

  /** Most pixels of a phase. */
  private static long phasePixels(ConvShape s) {
    ConvShape.Axis h = s.height();
    ConvShape.Axis w = s.width();
    return (long) Math.ceilDiv(h.in(), h.stride()) * Math.ceilDiv(w.in(), w.stride());
  }

  /** How many products an element of a phase sums, or nearly. */
  private static long phaseDepth(ConvShape s) {
    ConvShape.Axis h = s.height();
    ConvShape.Axis w = s.width();
    long taps = (long) Math.ceilDiv(h.kernel(), h.stride()) * Math.ceilDiv(w.kernel(), w.stride());
    return taps * s.outChannels();
  }

  private static int chunks(long blocks, long depth) {
    if (blocks == 0) {
      return 1;
    }
    return (int) Math.max(1, Math.min(ENOUGH_BLOCKS / blocks, depth / SHORTEST_CHUNK));
  }

  /** dW += the correlation of g on the shape's output side with x on its input side. */
  private void addWeights(DeviceCall call, ConvShape s, long g, long x, long batch, Tensor dW) {
    int form = form(s.outChannels(), s.patch());
    long tiles = down(form, s.outChannels()) * across(form, s.patch());
    long depth = batch * s.outPixels();
    long each = Math.ceilDiv(depth, chunks(tiles, depth));
    long per = Math.max(SLICE, Math.ceilDiv(each, SLICE) * (long) SLICE);
    long chunks = Math.ceilDiv(depth, per);
    long part = call.scratch(chunks * dW.size() * Float.BYTES);
    pass(call.pass(g).pass(x).pass(part).pass(batch).pass(per), s);
    call.launch(weights[form], tiles, Math.toIntExact(chunks), THREADS, 0);
    columnSums.addTo(call, part, chunks, dW.size(), call.inOut(dW));
  }

  private static void pass(DeviceCall call, ConvShape s) {
    call.pass(s.inChannels()).pass(s.outChannels());
    pass(call, s.height());
    pass(call, s.width());
  }

  private static void pass(DeviceCall call, ConvShape.Axis a) {
    call.pass(a.in()).pass(a.kernel()).pass(a.stride()).pass(a.padding()).pass(a.dilation());
    call.pass(a.out());
  }

  /** The form that covers [rows, columns] with fewest tiles. */
  private static int form(long rows, long columns) {
    int best = 0;
    for (int i = 1; i < ROWS.length; i++) {
      if (down(i, rows) * across(i, columns) < down(best, rows) * across(best, columns)) {
        best = i;
      }
    }
    return best;
  }

  private static long down(int form, long rows) {
    return Math.ceilDiv(rows, ROWS[form]);
  }

  private static long across(int form, long columns) {
    return Math.ceilDiv(columns, TILE / ROWS[form]);
  }
}
