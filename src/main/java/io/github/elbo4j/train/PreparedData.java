package io.github.elbo4j.train;

import io.github.elbo4j.data.Binarize;
import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.data.Images;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * Both splits as a run sees them.
 *
 * @param train training images; with {@code dynamic} still grey
 * @param test test images, binarised once where the run binarises at all
 * @param binarize what was asked for
 */
record PreparedData(Images train, Images test, Binarize binarize) {
  static PreparedData of(DataSplits data, RunConfig config) {
    Binarize binarize = binarize(config);
    return new PreparedData(
        binarize == Binarize.STATIC
            ? Binarize.staticDraw(data.train(), config.seed(), Streams.STATIC_TRAIN)
            : data.train(),
        binarize == Binarize.NONE
            ? data.test()
            : Binarize.staticDraw(data.test(), config.seed(), Streams.STATIC_TEST),
        binarize);
  }

  /** The training images with their binarisation drawn once, to be evaluated like test images. */
  Images asTrainedOn(RunConfig config) {
    return binarize == Binarize.DYNAMIC
        ? Binarize.staticDraw(train, config.seed(), Streams.STATIC_TRAIN)
        : train;
  }

  /**
   * SHA-256 of both splits: their sizes, and every pixel of the training and the test images.
   *
   * @param labels whether the labels count too
   */
  String sha256(boolean labels) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Images images : List.of(train, test)) {
        int[] size = {images.count(), images.height(), images.width()};
        ByteBuffer header = ByteBuffer.allocate(4 * size.length);
        header.asIntBuffer().put(size);
        digest.update(header);
        digest.update(images.pixels());
        byte[] known = images.labels();
        if (labels && known != null) {
          digest.update(known);
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** How a run binarises. */
  static Binarize binarize(RunConfig config) {
    String name = config.binarize();
    for (Binarize b : Binarize.values()) {
      if (b.name().toLowerCase(Locale.ROOT).equals(name)) {
        return b;
      }
    }
    throw new ConfigException(
        "config: binarize is \"%s\" and must be one of %s"
            .formatted(name, Arrays.toString(Binarize.values()).toLowerCase(Locale.ROOT)));
  }
}
