package io.github.elbo4j.kernel.dense;

import io.github.elbo4j.kernel.KernelTask;
import io.github.elbo4j.kernel.Lanes;
import io.github.elbo4j.kernel.Scratch;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/** Sums over the images and pixels of each channel, in blocks of images, added in double. */
final class ChannelSums extends KernelTask {
  private static final int IMAGES = 16;
  private static final double[] NONE = {};

  private Tensor x = Tensor.EMPTY;
  private int channels;
  private int pixels;
  private double[] sums = NONE;

  /** {@code dBias[c] += Σ x} of channel c. */
  void run(Tensor images, int channelCount, Tensor dBias) {
    x = images;
    channels = channelCount;
    pixels = images.columns() / channelCount;
    int blocks = Math.ceilDiv(images.rows(), IMAGES);
    double[] held = Scratch.get().doubles(Scratch.HELD, blocks * channelCount);
    sums = held;
    fork(blocks, images.size());
    for (int c = 0; c < channelCount; c++) {
      double total = 0;
      for (int b = 0; b < blocks; b++) {
        total += held[b * channelCount + c];
      }
      int at = dBias.offset() + c;
      dBias.array()[at] = (float) (dBias.array()[at] + total);
    }
  }

  @Override
  protected void forget() {
    x = Tensor.EMPTY;
    sums = NONE;
  }

  @Override
  public void run(int block) {
    float[] lanes = Scratch.get().floats(0, ConvLayout.L);
    Arrays.fill(sums, block * channels, (block + 1) * channels, 0);
    int end = Math.min(x.rows(), (block + 1) * IMAGES);
    for (int image = block * IMAGES; image < end; image++) {
      int from = x.offset() + image * channels * pixels;
      for (int c = 0; c < channels; c++) {
        sums[block * channels + c] += Lanes.sum(x.array(), from + c * pixels, pixels, lanes);
      }
    }
  }
}
