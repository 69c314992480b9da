package io.github.elbo4j.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.elbo4j.kernel.Precision;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What TF32 costs: operands rounded to 11 significant bits, and nothing else.
 *
 * <p>Rounding to the nearest is off by at most 2⁻¹¹ of an operand, so a product of two by 2⁻¹⁰ +
 * 2⁻²² of itself; a sum of k products in float32, in any order and also where it is cut off instead
 * of rounded, by k·2⁻²³ of Σ|terms|. A library may cut its operands off too, which costs twice as
 * much.
 */
@Tag("cuda")
class Tf32Test {
  /** m, n, k: a single piece, ragged ones, several chunks of k, tiles of 128. */
  private static final int[][] SIZES = {
    {1, 1, 1}, {3, 5, 7}, {16, 8, 8}, {37, 29, 53}, {65, 70, 17}, {20, 33, 260}, {1250, 1230, 3}
  };

  private final Cuda cuda = Cuda.open(0);

  @ParameterizedTest
  @ValueSource(strings = {"own", "cublas", "jcublas"})
  void theErrorIsThatOfRoundingTheOperands(String provider) {
    with(
        provider,
        gemm -> {
          double largest = 0;
          for (int[] size : SIZES) {
            for (int variant = 0; variant < 4; variant++) {
              Operands o = new Operands(size, variant);
              float[] a = GemmRun.uniform(new Random(5), o.m() * o.k());
              float[] b = GemmRun.uniform(new Random(6), o.k() * o.n());
              float[] c = o.run(cuda, gemm, a, b);
              double rounding = 0x1p-10 + 0x1p-22;
              double term = (provider.equals("own") ? 1 : 2) * rounding + o.k() * 0x1p-23;
              for (int i = 0; i < c.length; i++) {
                double[] exact = o.exact(a, b, i);
                double error = Math.abs(c[i] - exact[0]);
                assertThat(error)
                    .as("%s: element %d of %s", provider, i, o)
                    .isLessThanOrEqualTo(term * exact[1]);
                largest = Math.max(largest, error / exact[1]);
              }
            }
          }
          // Far from what float32 would give: it is TF32 that was measured.
          assertThat(largest).isGreaterThan(0x1p-13);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"own", "cublas", "jcublas"})
  void integersOfElevenBitsAreExact(String provider) {
    with(
        provider,
        gemm -> {
          for (int variant = 0; variant < 4; variant++) {
            Operands o = new Operands(new int[] {70, 45, 12}, variant);
            Random random = new Random(7);
            float[] a = integers(random, o.m() * o.k());
            float[] b = integers(random, o.k() * o.n());
            float[] c = o.run(cuda, gemm, a, b);
            for (int i = 0; i < c.length; i++) {
              assertThat((double) c[i]).isEqualTo(o.exact(a, b, i)[0]);
            }
          }
        });
  }

  /** With Σ|terms| below 2²⁴ sums are exact too. */
  private static float[] integers(Random random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = random.nextInt(-1023, 1024);
    }
    return values;
  }

  /** cvt.rna: to the nearest, half away from zero. */
  @Test
  void ourKernelRoundsToTheNearest() {
    with(
        "own",
        gemm -> {
          float one = 1;
          assertThat(times(gemm, one + 0x1p-11f, one)).isEqualTo(one + 0x1p-10f);
          assertThat(times(gemm, -one - 0x1p-11f, one)).isEqualTo(-one - 0x1p-10f);
          assertThat(times(gemm, one, one + 0x1p-11f - 0x1p-23f)).isEqualTo(one);
          assertThat(times(gemm, one, one + 3 * 0x1p-11f)).isEqualTo(one + 0x1p-9f);
          assertThat(times(gemm, Float.POSITIVE_INFINITY, one)).isInfinite();
          assertThat(times(gemm, Float.NaN, one)).isNaN();
        });
  }

  private float times(GemmProvider gemm, float a, float b) {
    return GemmRun.product(cuda, gemm, new float[] {a}, false, new float[] {b}, false, 1, 1)[0];
  }

  /** Runs with a provider in TF32, which has passed its check; skipped where there is none. */
  private void with(String name, Consumer<GemmProvider> body) {
    Runnable run =
        () -> {
          try (GemmProvider gemm = GemmProviders.open(cuda, name, Precision.TF32)) {
            body.accept(gemm);
          } catch (IllegalStateException e) {
            if (EmulatedDevice.present()) {
              throw e;
            }
            abort(String.valueOf(e.getMessage()));
          }
        };
    if (EmulatedDevice.present()) {
      StandInCublas.with(StandInCublas.file(12), run);
    } else {
      run.run();
    }
  }

  /** Shapes of op(a)·op(b), and what it is in double. */
  private record Operands(int m, int n, int k, boolean ta, boolean tb) {
    Operands(int[] size, int variant) {
      this(size[0], size[1], size[2], (variant & 1) != 0, (variant & 2) != 0);
    }

    float[] run(Cuda cuda, GemmProvider gemm, float[] a, float[] b) {
      return GemmRun.product(cuda, gemm, a, ta, b, tb, m, n);
    }

    /** Element i, and its Σ|terms|. */
    double[] exact(float[] a, float[] b, int i) {
      int row = i / n;
      int column = i % n;
      double sum = 0;
      double terms = 0;
      for (int l = 0; l < k; l++) {
        double term =
            (double) a[ta ? l * m + row : row * k + l] * b[tb ? column * k + l : l * n + column];
        sum += term;
        terms += Math.abs(term);
      }
      return new double[] {sum, terms};
    }
  }
}
