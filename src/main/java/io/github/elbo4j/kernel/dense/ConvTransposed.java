package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The transposed convolution over blocks of images: the product gives what each output adds through
 * each tap, and the taps are added up in planes, in their order.
 */
final class ConvTransposed extends KernelTask {
  private static final int L = ConvLayout.L;
  private static final float[] NONE = {};

  private final ConvLayout layout = new ConvLayout();
  private int outChannels;
  private int inSize;
  private int outSize;
  private Tensor x = Tensor.EMPTY;

  /** The weight, transposed: [patch, outChannels]. */
  private float[] w = NONE;

  private @Nullable Tensor bias;
  private boolean add;
  private boolean activated;
  private Activation f = Activation.NONE;
  private Tensor pre = Tensor.EMPTY;
  private Tensor y = Tensor.EMPTY;

  /** {@code y = f(pre)}, or {@code out += pre} without bias and activation where it is added. */
  void run(
      ConvShape shape,
      Tensor from,
      Tensor weight,
      @Nullable Tensor channelBias,
      Activation activation,
      @Nullable Tensor before,
      Tensor out,
      boolean added) {
    layout.set(shape, true);
    outChannels = shape.outChannels();
    inSize = shape.inSize();
    outSize = shape.outSize();
    x = from;
    w = Scratch.get().floats(Scratch.HELD, weight.size());
    int patch = layout.patch;
    Transpose.run(outChannels, patch, weight.array(), weight.offset(), patch, w, 0, outChannels);
    bias = channelBias;
    add = added;
    activated = before != null || activation != Activation.NONE;
    f = activation;
    pre = before == null ? out : before;
    y = out;
    long work = (long) x.rows() * outSize * Math.max(1, patch / 16);
    fork(Math.ceilDiv(x.rows(), layout.images), work);
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    w = NONE;
    bias = null;
    pre = Tensor.EMPTY;
    y = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int first = block * layout.images;
    int count = Math.min(layout.images, x.rows() - first);
    int columns = ConvLayout.padded(count * layout.grid(layout.rows));
    int wide = count * layout.planes + L;
    int col = wide + outChannels * columns;
    float[] work = Scratch.get().floats(3, col + layout.patch * columns + L);
    Arrays.fill(work, 0, count * layout.planes, 0f);
    for (int r0 = 0; r0 < layout.outHeight; r0 += layout.rows) {
      int rows = Math.min(layout.rows, layout.outHeight - r0);
      int ld = ConvLayout.padded(count * layout.grid(rows));
      spread(work, first, count, r0, rows, wide, ld);
      Gemm.get()
          .a(false, w, 0, outChannels)
          .b(false, work, wide, ld)
          .c(false, work, col, ld)
          .run(layout.patch, ld, outChannels);
      layout.gather(work, count, r0, rows, col, ld);
    }
    for (int i = 0; i < count; i++) {
      layout.unload(
          work,
          i * layout.planes,
          pre.array(),
          pre.offset() + (first + i) * inSize,
          add,
          bias == null ? NONE : bias.array(),
          bias == null ? 0 : bias.offset());
    }
    if (activated) {
      ConvForward.activate(f, pre, y, first * inSize, count * inSize);
    }
  }

  private void spread(float[] work, int first, int count, int r0, int rows, int wide, int ld) {
    int pixels = layout.outHeight * layout.outWidth;
    int grid = layout.grid(rows);
    for (int o = 0; o < outChannels; o++) {
      int row = wide + o * ld;
      for (int i = 0; i < count; i++) {
        int from = x.offset() + (first + i) * outSize + o * pixels;
        layout.spread(x.array(), from, work, row + i * grid, r0, rows);
      }
      Arrays.fill(work, row + count * grid, row + ld, 0f);
    }
  }
}
