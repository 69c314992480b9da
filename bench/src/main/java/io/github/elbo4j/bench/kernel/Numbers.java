package io.github.elbo4j.bench.kernel;

import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.util.SplittableRandom;

/** Arguments of a benchmark, drawn from a fixed seed: two preparations hold the same numbers. */
public final class Numbers {
  private final SplittableRandom random = new SplittableRandom(7);

  public Tensor normal(int... dims) {
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) random.nextGaussian();
    }
    return t;
  }

  /** In [0,1). */
  public Tensor uniform(int... dims) {
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) random.nextInt(1 << 24) * 0x1p-24f;
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
