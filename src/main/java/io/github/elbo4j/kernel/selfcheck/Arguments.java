package io.github.elbo4j.kernel.selfcheck;

import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** The arguments of one comparison; what is written is compared. */
final class Arguments {
  static final int B = 13;
  static final int K = 3;
  static final int D = 19;
  static final int N = 83;

  private final SplittableRandom random;
  final List<Tensor> outputs = new ArrayList<>();

  Arguments(long seed) {
    random = new SplittableRandom(seed);
  }

  Tensor normal(int... dims) {
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = (float) random.nextGaussian();
    }
    return t;
  }

  Tensor positive(int... dims) {
    Tensor t = normal(dims);
    for (int i = 0; i < t.size(); i++) {
      t.array()[i] = Math.abs(t.array()[i]);
    }
    return t;
  }

  ByteTensor bytes(int rows, int columns) {
    byte[] b = new byte[rows * columns];
    random.nextBytes(b);
    return new ByteTensor(b, 0, rows, columns);
  }

  Tensor out(int... dims) {
    Tensor t = normal(dims);
    outputs.add(t);
    return t;
  }

  Tensor compared(Tensor t) {
    outputs.add(t);
    return t;
  }
}
