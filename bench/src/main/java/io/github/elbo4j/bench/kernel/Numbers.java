package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.util.SplittableRandom;

/** Arguments of a benchmark, drawn from a fixed seed: two preparations hold the same numbers. */
public final class Numbers {
  /** A prime, so that what repeats falls on other rows each time. */
  private static final int PERIOD = 1048583;

  private final SplittableRandom random = new SplittableRandom(7);
  private final int drawn;

  /** Numbers all of which are drawn. */
  public Numbers() {
    this(Integer.MAX_VALUE);
  }

  private Numbers(int drawn) {
    this.drawn = drawn;
  }

  /** Numbers that repeat after a million: for arguments that would take long to draw. */
  public static Numbers repeating() {
    return new Numbers(PERIOD);
  }

  public Tensor normal(int... dims) {
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < Math.min(drawn, t.size()); i++) {
      t.array()[i] = (float) random.nextGaussian();
    }
    return repeated(t);
  }

  /** In [0,1). */
  public Tensor uniform(int... dims) {
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < Math.min(drawn, t.size()); i++) {
      t.array()[i] = (float) random.nextInt(1 << 24) * 0x1p-24f;
    }
    return repeated(t);
  }

  private Tensor repeated(Tensor t) {
    for (int i = drawn; i < t.size(); i += drawn) {
      System.arraycopy(t.array(), 0, t.array(), i, Math.min(drawn, t.size() - i));
    }
    return t;
  }

  /** Like pixels of a picture: half of them 0. */
  public ByteTensor pixels(int rows, int columns) {
    byte[] bytes = new byte[rows * columns];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Math.max(0, random.nextInt(512) - 256);
    }
    return new ByteTensor(bytes, 0, rows, columns);
  }

  /** The numbers of a shape such as {@code 128x784}. */
  public static int[] dims(String shape) {
    String[] parts = shape.split("x", -1);
    int[] dims = new int[parts.length];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = Integer.parseInt(parts[i]);
    }
    return dims;
  }
}
