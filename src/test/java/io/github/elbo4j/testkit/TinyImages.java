package io.github.elbo4j.testkit;

import io.github.elbo4j.data.DataSplits;
import io.github.elbo4j.data.Images;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * Small grey pictures with something to learn: a bright row or a bright column on a dim ground.
 * They are higher than wide, so that a mix-up of the two shows.
 */
public final class TinyImages {
  public static final int HEIGHT = 8;
  public static final int WIDTH = 6;

  private TinyImages() {}

  /** Training images and, from another seed, test images. */
  public static DataSplits splits(int train, int test) {
    return new DataSplits(images("tiny train", train, 1), images("tiny test", test, 2), "tiny");
  }

  /** The same with labels: which row, or behind them which column, is bright. */
  public static DataSplits labelled(int train, int test) {
    return new DataSplits(
        labelled("labelled train", train, 1), labelled("labelled test", test, 2), "labelled");
  }

  private static Images labelled(String name, int count, long seed) {
    byte[] pixels = pixels(count, seed);
    return new Images(name, count, HEIGHT, WIDTH, pixels, labels(pixels, count));
  }

  private static byte[] labels(byte[] pixels, int count) {
    byte[] labels = new byte[count];
    for (int n = 0; n < count; n++) {
      int most = 0;
      for (int c = 0; c < HEIGHT + WIDTH; c++) {
        int bright = 0;
        for (int i = 0; i < HEIGHT * WIDTH; i++) {
          boolean here = c < HEIGHT ? i / WIDTH == c : i % WIDTH == c - HEIGHT;
          bright += here && (pixels[n * HEIGHT * WIDTH + i] & 0xFF) >= 200 ? 1 : 0;
        }
        if (bright == (c < HEIGHT ? WIDTH : HEIGHT)) {
          most = c;
        }
      }
      labels[n] = (byte) most;
    }
    return labels;
  }

  /** {@link #folder} with the labels of {@link #labelled}. */
  public static Path labelledFolder(Path folder, int train, int test) throws IOException {
    folder(folder, train, test);
    Files.write(folder.resolve("train-labels-idx1-ubyte"), idx(labels(pixels(train, 1), train)));
    Files.write(folder.resolve("t10k-labels-idx1-ubyte"), idx(labels(pixels(test, 2), test)));
    return folder;
  }

  private static byte[] idx(byte[] labels) {
    return ByteBuffer.allocate(8 + labels.length)
        .putInt(0x801)
        .putInt(labels.length)
        .put(labels)
        .array();
  }

  private static Images images(String name, int count, long seed) {
    return new Images(name, count, HEIGHT, WIDTH, pixels(count, seed), null);
  }

  /** The same as a folder in MNIST's format; returns the folder. */
  public static Path folder(Path folder, int train, int test) throws IOException {
    Files.createDirectories(folder);
    Files.write(folder.resolve("train-images-idx3-ubyte"), idx(train, 1));
    Files.write(folder.resolve("t10k-images-idx3-ubyte"), idx(test, 2));
    return folder;
  }

  /** The same with labels: 0 for a bright row, 1 for a bright column. */
  public static Path labelled(Path folder, int train, int test) throws IOException {
    folder(folder, train, test);
    Files.write(folder.resolve("train-labels-idx1-ubyte"), labels(train, 1));
    Files.write(folder.resolve("t10k-labels-idx1-ubyte"), labels(test, 2));
    return folder;
  }

  private static byte[] labels(int count, long seed) {
    byte[] labels = new byte[count];
    draw(count, seed, labels);
    return ByteBuffer.allocate(8 + count).putInt(0x801).putInt(count).put(labels).array();
  }

  private static byte[] idx(int count, long seed) {
    return ByteBuffer.allocate(16 + count * HEIGHT * WIDTH)
        .putInt(0x803)
        .putInt(count)
        .putInt(HEIGHT)
        .putInt(WIDTH)
        .put(pixels(count, seed))
        .array();
  }

  private static byte[] pixels(int count, long seed) {
    return draw(count, seed, new byte[count]);
  }

  private static byte[] draw(int count, long seed, byte[] labels) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] pixels = new byte[count * HEIGHT * WIDTH];
    for (int n = 0; n < count; n++) {
      boolean row = random.nextBoolean();
      labels[n] = (byte) (row ? 0 : 1);
      int place = random.nextInt(row ? HEIGHT : WIDTH);
      for (int i = 0; i < HEIGHT * WIDTH; i++) {
        boolean bright = (row ? i / WIDTH : i % WIDTH) == place;
        int grey = (bright ? 200 : 0) + random.nextInt(56);
        pixels[n * HEIGHT * WIDTH + i] = (byte) grey;
      }
    }
    return pixels;
  }
}
