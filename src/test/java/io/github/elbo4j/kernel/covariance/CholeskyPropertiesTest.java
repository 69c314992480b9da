package io.github.elbo4j.kernel.covariance;

import static io.github.elbo4j.kernel.covariance.MatrixLayout.LANES;
import static io.github.elbo4j.kernel.covariance.MatrixLayout.MATRICES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.GradCheck;
import io.github.elbo4j.testkit.TapeCheck;
import java.util.Arrays;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.CholeskyDecomposition;
import org.hipparchus.linear.LUDecomposition;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.QRDecomposition;
import org.hipparchus.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Factors and what follows from them, against algebra and an independent library. */
class CholeskyPropertiesTest {
  private static final double EPSILON = 0x1p-24;

  private final CholeskyKernels kernels = Backends.simd().cholesky();

  private static RealMatrix orthogonal(long seed, int d) {
    double[][] q = new double[d][];
    for (int i = 0; i < d; i++) {
      q[i] = GradCheck.random(seed * 1000 + i, d, 1);
    }
    return new QRDecomposition(new Array2DRowRealMatrix(q, false)).getQ();
  }

  /** Q·diag·Qᵀ with eigenvalues from 1 down to 1/condition. */
  private static RealMatrix spread(long seed, int d, double condition) {
    RealMatrix q = orthogonal(seed, d);
    double[] values = new double[d];
    for (int i = 0; i < d; i++) {
      values[i] = Math.pow(condition, d == 1 ? 0 : -i / (d - 1.0));
    }
    return q.multiply(MatrixUtils.createRealDiagonalMatrix(values)).multiply(q.transpose());
  }

  private static Tensor batch(RealMatrix... matrices) {
    int d = matrices[0].getRowDimension();
    Tensor t = Tensor.zeros(matrices.length, d, d);
    for (int b = 0; b < matrices.length; b++) {
      for (int e = 0; e < d * d; e++) {
        t.array()[b * d * d + e] = (float) matrices[b].getEntry(e / d, e % d);
      }
    }
    return t;
  }

  private static RealMatrix matrix(Tensor t, int b) {
    int d = t.columns();
    RealMatrix m = new Array2DRowRealMatrix(d, d);
    for (int e = 0; e < d * d; e++) {
      m.setEntry(e / d, e % d, t.get(b * d * d + e));
    }
    return m;
  }

  private Tensor factor(Tensor a, int... wanted) {
    Tensor l = Tensor.zeros(a.shape().dim(0), a.columns(), a.columns());
    int[] status = new int[a.shape().dim(0)];
    kernels.factor(MATRICES, a, l, status);
    assertThat(status).isEqualTo(wanted.length == 0 ? new int[status.length] : wanted);
    return l;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 6, 31, 64, 128, 256, 512})
  void theProductIsTheMatrix(int d) {
    RealMatrix some = spread(d > 128 ? 1 : d, Math.min(d, 64), 100);
    RealMatrix a = MatrixUtils.createRealIdentityMatrix(d);
    a.setSubMatrix(some.getData(), d - some.getRowDimension(), d - some.getRowDimension());
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < i - 64; j++) {
        a.setEntry(i, j, 1e-3);
        a.setEntry(j, i, 1e-3);
      }
    }
    Tensor t = batch(a, a.scalarMultiply(4));
    Tensor l = factor(t);
    for (int b = 0; b < 2; b++) {
      RealMatrix m = matrix(l, b);
      double error = m.multiplyTransposed(m).subtract(matrix(t, b)).getFrobeniusNorm();
      assertThat(error / matrix(t, b).getFrobeniusNorm()).isLessThan(4 * EPSILON * Math.sqrt(d));
      for (int i = 0; i < d; i++) {
        assertThat(m.getEntry(i, i)).isPositive();
        for (int j = i + 1; j < d; j++) {
          assertThat(m.getEntry(i, j)).isZero();
        }
      }
    }
  }

  @Test
  void hipparchusHasTheSameFactor() {
    int d = 21;
    RealMatrix a = spread(3, d, 50);
    RealMatrix exact = new CholeskyDecomposition(matrix(batch(a), 0), 1e-6, 0).getL();
    RealMatrix error = matrix(factor(batch(a)), 0).subtract(exact);
    assertThat(error.getFrobeniusNorm()).isLessThan(50 * 10 * EPSILON);
  }

  /** Backward stability: the factor is exact for a matrix a rounding away, however bad it is. */
  @Test
  void illConditionedMatricesHaveFactors() {
    int d = 32;
    RealMatrix[] bad = new RealMatrix[20];
    for (int b = 0; b < bad.length; b++) {
      bad[b] = spread(b + 10, d, 1e6);
    }
    Tensor t = batch(bad);
    Tensor l = factor(t);
    for (int b = 0; b < bad.length; b++) {
      RealMatrix m = matrix(l, b);
      RealMatrix error = m.multiplyTransposed(m).subtract(matrix(t, b));
      assertThat(error.getFrobeniusNorm() / matrix(t, b).getFrobeniusNorm())
          .isLessThan(4 * EPSILON * Math.sqrt(d));
    }
  }

  private static float[] bits(Tensor t, int from, int n) {
    return Arrays.copyOfRange(t.array(), t.offset() + from, t.offset() + from + n);
  }

  /** Every kind of bad matrix, in the middle of a group and of a batch. */
  @Test
  void aBadMatrixHasAStatusAndNoEffect() {
    int d = 11;
    int dd = d * d;
    RealMatrix[] good = new RealMatrix[37];
    for (int b = 0; b < good.length; b++) {
      good[b] = spread(b + 40, d, 30);
    }
    Tensor t = batch(good);
    Tensor alone = factor(t);
    int[] wanted = new int[good.length];
    float[] values = {-1, 0, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    for (int n = 0; n < values.length; n++) {
      int b = 5 + 7 * n;
      int row = 2 * n;
      t.array()[b * dd + row * (d + 1)] = values[n];
      wanted[b] = row + 1;
    }
    t.array()[20 * dd + 6 * d + 2] = Float.NaN; // below the diagonal: row 6 is the first to know
    wanted[20] = 7;
    t.array()[21 * dd + 4 * d + 1] = 1e30f; // finite, but its square is not
    wanted[21] = 5;
    t.array()[22 * dd + d] = 100; // indefinite although its diagonal is positive
    wanted[22] = 2;
    Tensor l = factor(t, wanted);
    for (int b = 0; b < good.length; b++) {
      if (wanted[b] == 0) {
        assertThat(bits(l, b * dd, dd)).as("matrix %d", b).isEqualTo(bits(alone, b * dd, dd));
      } else {
        for (int e = 0; e < dd; e++) {
          float entry = l.get(b * dd + e);
          assertThat(e / d >= e % d ? Float.isNaN(entry) : entry == 0).isTrue();
        }
        Tensor one = t.slice(b * dd, Shape.of(1, d, d));
        assertThat(bits(factor(one, wanted[b]), 0, dd)).isEqualTo(bits(l, b * dd, dd));
      }
    }
  }

  @Test
  void aMatrixDoesNotKnowItsPlaceOrLayout() {
    for (int d : new int[] {7, 12, 40, 133}) {
      RealMatrix[] some = new RealMatrix[19];
      for (int b = 0; b < some.length; b++) {
        some[b] = spread(b + 70, d, 30);
      }
      Tensor t = batch(some);
      Tensor all = factor(t);
      Tensor packed = Tensor.zeros(2, d * d * 16);
      Tensor unpacked = Tensor.zeros(19, d, d);
      kernels.pack(t, packed);
      kernels.factor(LANES, packed, packed, new int[19]);
      kernels.unpack(packed, unpacked);
      assertThat(unpacked.array()).isEqualTo(all.array());
      for (int b : new int[] {0, 15, 18}) {
        assertThat(factor(batch(some[b])).array()).isEqualTo(bits(all, b * d * d, d * d));
      }
    }
  }

  @Test
  void lanesLieAsTheyAreDescribed() {
    Tensor x = Tensor.zeros(18, 3, 2);
    for (int i = 0; i < x.size(); i++) {
      x.array()[i] = i;
    }
    Tensor packed = Tensor.zeros(2, 96);
    kernels.pack(x, packed);
    for (int b = 0; b < 32; b++) {
      for (int e = 0; e < 6; e++) {
        float wanted = (b < 18 ? b : 16) * 6 + e;
        assertThat(packed.get(b / 16 * 96 + e * 16 + b % 16)).isEqualTo(wanted);
      }
    }
  }

  /** d log det A / dA = A⁻¹, through both backward kernels. */
  @ParameterizedTest
  @ValueSource(ints = {1, 5, 24})
  void theGradientOfTheLogDeterminantIsTheInverse(int d) {
    Tensor t = batch(spread(5, d, 20), spread(6, d, 20));
    Tensor l = factor(t);
    Tensor dL = Tensor.zeros(2, d, d);
    Tensor dA = Tensor.zeros(2, d, d);
    Tensor logDet = Tensor.zeros(2);
    kernels.logDet(MATRICES, l, logDet);
    kernels.logDetBackward(MATRICES, l, Tensor.of(new float[] {1, 1}, 0, 2), dL);
    kernels.factorBackward(MATRICES, l, dL, dA);
    for (int b = 0; b < 2; b++) {
      LUDecomposition lu = new LUDecomposition(matrix(t, b));
      RealMatrix inverse = lu.getSolver().getInverse();
      RealMatrix error = matrix(dA, b).subtract(inverse);
      assertThat(error.getFrobeniusNorm() / inverse.getFrobeniusNorm()).isLessThan(1e-5);
      assertThat((double) logDet.get(b))
          .isCloseTo(Math.log(lu.getDeterminant()), within(1e-5 * d * 3));
    }
  }

  @Test
  void theGradientIsSymmetricToTheBit() {
    int d = 26;
    Tensor l = factor(batch(spread(8, d, 100)));
    Tensor dL = batch(orthogonal(9, d));
    Tensor dA = Tensor.zeros(1, d, d);
    kernels.factorBackward(MATRICES, l, dL, dA);
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < i; j++) {
        assertThat(dA.get(i * d + j)).isEqualTo(dA.get(j * d + i));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 9, 70})
  void solvesAreUndoneByProducts(int m) {
    int d = 30;
    Tensor l = factor(batch(spread(11, d, 40)));
    RealMatrix lower = matrix(l, 0);
    Tensor y = Tensor.zeros(1, d, m);
    double[] random = GradCheck.random(12, d * m, 1);
    for (int i = 0; i < random.length; i++) {
      y.array()[i] = (float) random[i];
    }
    for (LinearSystem system : LinearSystem.values()) {
      Tensor x = Tensor.zeros(1, d, m);
      kernels.solve(MATRICES, system, l, y, x);
      RealMatrix product =
          switch (system) {
            case LOWER -> lower;
            case TRANSPOSED -> lower.transpose();
            case FULL -> lower.multiplyTransposed(lower);
          };
      for (int c = 0; c < m; c++) {
        double[] column = new double[d];
        for (int i = 0; i < d; i++) {
          column[i] = x.get(i * m + c);
        }
        double[] back = product.operate(column);
        for (int i = 0; i < d; i++) {
          assertThat(back[i]).isCloseTo(y.get(i * m + c), within(1e-4));
        }
      }
    }
  }

  private Tensor packed(Tensor x) {
    Tensor t = Tensor.zeros(Math.ceilDiv(x.shape().dim(0), 16), x.size() / x.shape().dim(0) * 16);
    kernels.pack(x, t);
    return t;
  }

  /** Gradients of so many right-hand sides that they are done in strips. */
  @Test
  void theLayoutOfManyRightHandSidesDoesNotMatter() {
    int d = 30;
    int m = 1100;
    Tensor l = factor(batch(spread(14, d, 10), spread(15, d, 10), spread(16, d, 10)));
    Tensor x = TapeCheck.normal(17, 1, 3, d, m);
    Tensor dX = TapeCheck.normal(18, 1, 3, d, m);
    Tensor dL = Tensor.zeros(3, d, d);
    Tensor dY = Tensor.zeros(3, d, m);
    kernels.solveBackward(MATRICES, LinearSystem.FULL, l, x, dX, dL, dY);
    Tensor toL = packed(Tensor.zeros(3, d, d));
    Tensor toY = packed(Tensor.zeros(3, d, m));
    kernels.solveBackward(LANES, LinearSystem.FULL, packed(l), packed(x), packed(dX), toL, toY);
    Tensor unpacked = Tensor.zeros(3, d, d);
    kernels.unpack(toL, unpacked);
    assertThat(unpacked.array()).isEqualTo(dL.array());
    Tensor sides = Tensor.zeros(3, d, m);
    kernels.unpack(toY, sides);
    assertThat(sides.array()).isEqualTo(dY.array());
  }

  /** What is computed from a matrix without a factor is NaN, and only that. */
  @Test
  void nanStaysWithItsMatrix() {
    int d = 6;
    RealMatrix good = spread(13, d, 10);
    RealMatrix bad = good.scalarMultiply(-1);
    Tensor l = factor(batch(good, bad, good), 0, 1, 0);
    Tensor out = Tensor.zeros(3);
    kernels.logDet(MATRICES, l, out);
    Tensor x = Tensor.zeros(3, d);
    kernels.solve(MATRICES, LinearSystem.FULL, l, x, x);
    Tensor dA = Tensor.zeros(3, d, d);
    kernels.factorBackward(MATRICES, l, Tensor.zeros(3, d, d), dA);
    for (int b = 0; b < 3; b++) {
      assertThat(Float.isNaN(out.get(b))).isEqualTo(b == 1);
      for (int i = 0; i < d; i++) {
        assertThat(Float.isNaN(x.get(b * d + i))).isEqualTo(b == 1);
      }
      for (int e = 0; e < d * d; e++) {
        assertThat(Float.isNaN(dA.get(b * d * d + e))).isEqualTo(b == 1);
      }
    }
  }
}
