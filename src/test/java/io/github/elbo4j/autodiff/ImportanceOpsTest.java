package io.github.elbo4j.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Importance weights on the tape against formulas in double. */
class ImportanceOpsTest {
  private static final int B = 3;
  private static final int K = 4;

  private static double renyi(double[] logW, double alpha) {
    double total = 0;
    for (int b = 0; b < B; b++) {
      double mean = 0;
      for (int k = 0; k < K; k++) {
        double x = logW[b * K + k];
        mean += (alpha == 1 ? x : Math.exp((1 - alpha) * x)) / K;
      }
      total += (b + 1) * (alpha == 1 ? mean : Math.log(mean) / (1 - alpha));
    }
    return total;
  }

  @ParameterizedTest
  @ValueSource(floats = {-2, 0, 0.5f, 0.9f, 1, 3})
  void bound(float alpha) {
    Tensor logW = TapeCheck.normal(1, 1, B * K);
    TapeCheck.check(
        "bound " + alpha,
        (tape, p) -> Formulas.project(tape, ImportanceOps.bound(tape, p[0], B, alpha).bound()),
        p -> Formulas.project(Formulas.rows(p[0], B, row -> renyiOfRow(row, alpha))),
        logW);
  }
}
