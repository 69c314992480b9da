package io.github.elbo4j.data;

import io.github.elbo4j.kernel.NoiseKey;
import java.util.Arrays;

/**
 * Cuts a test split from a source that has none: a tenth of the images (rounded down, at least
 * one), drawn with a fixed seed that no option changes, so that two runs with different seeds are
 * judged by the same images. Both parts keep the order of the source.
 */
final class HeldOut {
  private static final long SPLIT_SEED = 0x68656C644F7574L;

  private HeldOut() {}

  /**
   * @throws DataException there is only one image
   */
  static DataSplits split(String source, Images all) throws DataException {
    int count = all.count();
    if (count < 2) {
      throw new DataException(
          source + ": has 1 image and no test images; want at least 2, to hold one out");
    }
    int held = Math.max(1, count / 10);
    int[] order = new int[count];
    Shuffle.fill(order, new NoiseKey(SPLIT_SEED, 0));
    int[] test = Arrays.copyOf(order, held);
    int[] train = Arrays.copyOfRange(order, held, count);
    Arrays.sort(test);
    Arrays.sort(train);
    return new DataSplits(
        all.select(source + " train", train),
        all.select(source + " held out", test),
        ("%s: %d images of %d x %d; no test images there, so %d drawn with a fixed seed are held"
                + " out as the test split and %d are left to train on")
            .formatted(source, count, all.height(), all.width(), held, count - held));
  }
}
