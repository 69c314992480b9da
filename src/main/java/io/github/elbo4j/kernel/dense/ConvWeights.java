package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/**
 * The gradient of the weight. The images are cut into a few groups, whatever the number of threads;
 * each sums {@code patches·outputsᵀ} in a matrix of its own, and those are added in double.
 */
final class ConvWeights extends KernelTask {
  private static final int L = ConvLayout.L;

  /** Bounds the memory: so many matrices of the weight's size. */
  private static final int GROUPS = 8;

  private static final float[] NONE = {};

  private final ConvLayout layout = new ConvLayout();
  private int outChannels;
  private int inSize;
  private int outSize;
  private int groups;
  private int ldw;
  private Tensor x = Tensor.EMPTY;
  private Tensor y = Tensor.EMPTY;

  /** {@link #groups} matrices [patch, ldw]. */
  private float[] sums = NONE;

  /** {@code dW += Σ y·xᵀ}, with x on the shape's input side and y on its output side. */
  void run(ConvShape shape, Tensor input, Tensor output, Tensor dW) {
    if (input.rows() == 0) {
      return;
    }
    layout.set(shape, false);
    outChannels = shape.outChannels();
    inSize = shape.inSize();
    outSize = shape.outSize();
    x = input;
    y = output;
    ldw = ConvLayout.padded(outChannels);
    groups = Math.min(GROUPS, Math.ceilDiv(x.rows(), layout.images));
    float[] held = Scratch.get().floats(Scratch.HELD, groups * layout.patch * ldw);
    sums = held;
    int parts = groups;
    fork(groups, (long) x.rows() * outSize * Math.max(1, layout.patch / 16));
    add(held, parts, dW);
  }

  private void add(float[] held, int parts, Tensor dW) {
    int patch = layout.patch;
    double[] total = Scratch.get().doubles(Scratch.HELD, outChannels);
    float[] out = dW.array();
    for (int k = 0; k < patch; k++) {
      Arrays.fill(total, 0, outChannels, 0);
      for (int g = 0; g < parts; g++) {
        int from = (g * patch + k) * ldw;
        for (int o = 0; o < outChannels; o++) {
          total[o] += held[from + o];
        }
      }
      for (int o = 0; o < outChannels; o++) {
        int at = dW.offset() + o * patch + k;
        out[at] = (float) (out[at] + total[o]);
      }
    }
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    y = Tensor.EMPTY;
    sums = NONE;
  }

  @Override
  public void run(int group) {
    int first = (int) ((long) group * x.rows() / groups);
    int end = (int) ((group + 1L) * x.rows() / groups);
    int most = Math.min(layout.images, end - first);
    int columns = most * layout.rows * layout.outWidth;
    int col = most * layout.planes + L;
    int turned = col + layout.patch * ConvLayout.padded(columns) + L;
    float[] work = Scratch.get().floats(3, turned + columns * ldw);
    int to = group * layout.patch * ldw;
    Arrays.fill(sums, to, to + layout.patch * ldw, 0f);
    Arrays.fill(work, 0, most * layout.planes, 0f);
    Arrays.fill(work, turned, turned + columns * ldw, 0f); // columns behind outChannels stay 0
    for (int i = first; i < end; i += most) {
      portion(work, i, Math.min(most, end - i), col, turned, to);
    }
  }

  private void portion(float[] work, int first, int count, int col, int turned, int to) {
    int pixels = layout.outHeight * layout.outWidth;
    for (int i = 0; i < count; i++) {
      layout.load(x.array(), x.offset() + (first + i) * inSize, work, i * layout.planes);
    }
    for (int r0 = 0; r0 < layout.outHeight; r0 += layout.rows) {
      int rows = Math.min(layout.rows, layout.outHeight - r0);
      int n = rows * layout.outWidth;
      int ld = ConvLayout.padded(count * n);
      layout.patches(work, count, r0, rows, col, ld);
      for (int i = 0; i < count; i++) {
        int from = y.offset() + (first + i) * outSize + r0 * layout.outWidth;
        Transpose.run(outChannels, n, y.array(), from, pixels, work, turned + i * n * ldw, ldw);
      }
      Gemm.get()
          .a(false, work, col, ld)
          .b(false, work, turned, ldw)
          .c(true, sums, to, ldw)
          .run(layout.patch, ldw, count * n);
    }
  }
}
