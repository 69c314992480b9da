package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/** The convolution over blocks of images: patch matrix, product, and bias on the way out. */
final class ConvForward extends KernelTask {
  private static final int L = ConvLayout.L;

  /** Elements that the activation is applied to at once. */
  private static final int STRETCH = 4096;

  private final ConvLayout layout = new ConvLayout();
  private int outChannels;
  private int inSize;
  private int outSize;
  private Tensor x = Tensor.EMPTY;
  private Tensor w = Tensor.EMPTY;
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
    layout.set(shape, false);
    outChannels = shape.outChannels();
    inSize = shape.inSize();
    outSize = shape.outSize();
    x = from;
    w = weight;
    bias = channelBias;
    add = added;
    activated = before != null || activation != Activation.NONE;
    f = activation;
    pre = before == null ? out : before;
    y = out;
    long work = (long) x.rows() * outSize * Math.max(1, layout.patch / 16);
    fork(Math.ceilDiv(x.rows(), layout.images), work);
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    w = Tensor.EMPTY;
    bias = null;
    pre = Tensor.EMPTY;
    y = Tensor.EMPTY;
  }

  @Override
  public void run(int block) {
    int first = block * layout.images;
    int count = Math.min(layout.images, x.rows() - first);
    int columns = ConvLayout.padded(count * layout.rows * layout.outWidth);
    int col = count * layout.planes + L;
    int product = col + layout.patch * columns + L;
    float[] work = Scratch.get().floats(3, product + outChannels * columns);
    Arrays.fill(work, 0, count * layout.planes, 0f);
    for (int i = 0; i < count; i++) {
      layout.load(x.array(), x.offset() + (first + i) * inSize, work, i * layout.planes);
    }
    for (int r0 = 0; r0 < layout.outHeight; r0 += layout.rows) {
      int rows = Math.min(layout.rows, layout.outHeight - r0);
      int ld = ConvLayout.padded(count * rows * layout.outWidth);
      layout.patches(work, count, r0, rows, col, ld);
      Gemm.get()
          .a(false, w.array(), w.offset(), layout.patch)
          .b(false, work, col, ld)
          .c(false, work, product, ld)
          .run(outChannels, ld, layout.patch);
      for (int i = 0; i < count; i++) {
        store(work, product, ld, first, i, r0, rows);
      }
    }
    if (activated) {
      activate(first * outSize, count * outSize);
    }
  }

  /** Image i's columns of the product to where they belong. */
  private void store(float[] work, int product, int ld, int first, int i, int r0, int rows) {
    int n = rows * layout.outWidth;
    int pixels = layout.outHeight * layout.outWidth;
    for (int o = 0; o < outChannels; o++) {
      int from = product + o * ld + i * n;
      int to = pre.offset() + (first + i) * outSize + o * pixels + r0 * layout.outWidth;
      if (add) {
        Lanes.add(work, from, pre.array(), to, n);
      } else {
        float start = bias == null ? 0 : bias.array()[bias.offset() + o];
        put(work, from, start, pre.array(), to, n);
      }
    }
  }

  private static void put(float[] work, int from, float start, float[] out, int to, int n) {
    int full = GemmTile.S.loopBound(n);
    FloatVector bias = FloatVector.broadcast(GemmTile.S, start);
    for (int i = 0; i < full; i += L) {
      FloatVector.fromArray(GemmTile.S, work, from + i).add(bias).intoArray(out, to + i);
    }
    for (int i = full; i < n; i++) {
      out[to + i] = work[from + i] + start;
    }
  }

  private void activate(int from, int n) {
    activate(f, pre, y, from, n);
  }

  /** {@code y = f(pre)} for n elements from {@code from}, a stretch at a time. */
  static void activate(Activation f, Tensor pre, Tensor y, int from, int n) {
    float[] work = Scratch.get().floats(0, Activations.workSize(STRETCH));
    for (int i = from; i < from + n; i += STRETCH) {
      int count = Math.min(STRETCH, from + n - i);
      int at = pre.offset() + i;
      Activations.forward(f, pre.array(), at, y.array(), y.offset() + i, work, count);
    }
  }
}
