package io.github.elbo4j.kernel.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.ByteTensor;
import io.github.elbo4j.tensor.Tensor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Likelihoods and their derivatives against values at 60 digits (likelihoods.py). */
class GoldenLikelihoodTest {
  static Stream<Backend> backends() {
    return Stream.of(Backends.reference(), Backends.simd());
  }

  private static List<double[]> golden(String name) throws IOException {
    try (var in =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    GoldenLikelihoodTest.class.getResourceAsStream("likelihoods.txt")),
                StandardCharsets.UTF_8))) {
      List<double[]> rows =
          in.lines()
              .filter(line -> line.startsWith(name + " "))
              .map(
                  line ->
                      Arrays.stream(line.split(" "))
                          .skip(1)
                          .mapToDouble(Double::parseDouble)
                          .toArray())
              .toList();
      assertThat(rows).hasSizeGreaterThan(8);
      return rows;
    }
  }

  private static Tensor one(double value) {
    return Tensor.of(new float[] {(float) value}, 0, 1, 1);
  }

  private static void near(Tensor got, double wanted, double size, double[] row) {
    assertThat((double) got.get(0))
        .as("%s", row)
        .isCloseTo(wanted, within(1e-6 + 2e-6 * Math.abs(wanted) + 4e-7 * size));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void continuousBernoulli(Backend backend) throws IOException {
    for (double[] row : golden("continuous")) {
      Tensor logLik = Tensor.zeros(1);
      Tensor d = Tensor.zeros(1, 1);
      backend.likelihood().continuousBernoulli(one(row[0]), one(row[1]), logLik);
      backend.likelihood().continuousBernoulliBackward(one(row[0]), one(row[1]), one(1), d);
      near(logLik, row[2], Math.abs(row[0]), row);
      near(d, row[3], 1, row);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void laplace(Backend backend) throws IOException {
    for (double[] row : golden("laplace")) {
      Tensor logLik = Tensor.zeros(1);
      Tensor d = Tensor.zeros(1, 1);
      Tensor ds = Tensor.zeros(1, 1);
      backend.likelihood().laplace(one(row[0]), one(row[1]), one(row[2]), logLik);
      backend.likelihood().laplaceBackward(one(row[0]), one(row[1]), one(row[2]), one(1), d, ds);
      near(logLik, row[3], Math.abs(row[3]), row);
      near(d, row[4], 1, row);
      near(ds, row[5], 1, row);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void discretizedLogistic(Backend backend) throws IOException {
    for (double[] row : golden("logistic")) {
      ByteTensor x = new ByteTensor(new byte[] {(byte) (int) row[1]}, 0, 1, 1);
      Tensor logLik = Tensor.zeros(1);
      Tensor d = Tensor.zeros(1, 1);
      Tensor ds = Tensor.zeros(1, 1);
      backend.levels().discretizedLogistic(one(row[0]), x, one(row[2]), logLik);
      backend.levels().discretizedLogisticBackward(one(row[0]), x, one(row[2]), one(1), d, ds);
      double size = 1 + Math.exp(-row[2]);
      near(logLik, row[3], size, row);
      near(d, row[4], size, row);
      near(ds, row[5], size, row);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void categorical(Backend backend) throws IOException {
    for (double[] row : golden("categorical")) {
      int c = row.length - 2;
      float[] logits = new float[c];
      for (int i = 0; i < c; i++) {
        logits[i] = (float) row[1 + i];
      }
      Tensor logLik = Tensor.zeros(1);
      ByteTensor x = new ByteTensor(new byte[] {(byte) (int) row[0]}, 0, 1, 1);
      backend.levels().categorical(Tensor.of(logits, 0, 1, c), x, logLik);
      near(logLik, row[c + 1], 20, row);
    }
  }
}
