package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.DoubleUnaryOperator;
import org.hipparchus.special.Erf;
import org.hipparchus.special.Gamma;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferenceMathTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  @Test
  void erfAgreesWithHipparchus() {
    agree(ReferenceMath::erf, Erf::erf, -6, 6, 1e-14);
  }

  @Test
  void erfcAgreesWithHipparchus() {
    agree(ReferenceMath::erfc, Erf::erfc, -6, 10, 3e-14);
  }

  @Test
  void erfinvAgreesWithHipparchus() {
    agree(ReferenceMath::erfinv, Erf::erfInv, -0.9999, 0.9999, 1e-13);
  }

  @Test
  void lgammaAgreesWithHipparchus() {
    agree(ReferenceMath::lgamma, Gamma::logGamma, 0.001, 0.95, 1e-14);
    agree(ReferenceMath::lgamma, Gamma::logGamma, 1.05, 1.95, 2e-14);
    agree(ReferenceMath::lgamma, Gamma::logGamma, 2.05, 50, 2e-14);
    agree(ReferenceMath::lgamma, Gamma::logGamma, 50, 1e7, 1e-14);
  }

  /** From 18 correct digits, computed with mpmath at 50. */
  @ParameterizedTest
  @CsvSource({
    "1e-5, 11.5129196928958256",
    "0.25, 1.28802252469807746",
    "0.9999999, 5.77215746844419283e-8",
    "1.0000001, -5.7721558299185071e-8",
    "1.5, -0.120782237635245222",
    "1.9999, -0.000042275208772153458",
    "2.1, 0.045437738544485179",
    "3.3, 0.987098577894734404",
    "7.5, 7.53436423675873296",
    "20, 39.339884187199494",
    "170.5, 704.004427734204671"
  })
  void lgammaIsAccurateNextToItsZerosToo(double x, double expected) {
    assertThat(ReferenceMath.lgamma(x)).isCloseTo(expected, relative(expected, 2e-14));
  }

  /** Digits from mpmath. */
  @ParameterizedTest
  @CsvSource({
    "1e-10, 1.12837916709551262e-10, 0.999999999887162083",
    "0.1, 0.112462916018284898, 0.887537083981715102",
    "1.0, 0.842700792949714869, 0.157299207050285131",
    "1.9, 0.992790429235257467, 0.00720957076474253276",
    "3.0, 0.999977909503001415, 0.0000220904969985854414",
    "5.0, 0.99999999999846254, 1.53745979442803485e-12",
    "-0.7, -0.677801193837418442, 1.67780119383741844"
  })
  void erfHasItsDigits(double x, double erf, double erfc) {
    assertThat(ReferenceMath.erf(x)).isCloseTo(erf, relative(erf, 2e-15));
    assertThat(ReferenceMath.erfc(x)).isCloseTo(erfc, relative(erfc, 1e-14));
  }

  @ParameterizedTest
  @CsvSource({
    "1e-10, 8.86226925452758046e-11",
    "0.1, 0.088855990494257692",
    "0.5, 0.476936276204469873",
    "0.9, 1.16308715367667416",
    "0.99, 1.82138636771844946",
    "0.999999, 3.45891073727549878",
    "-0.7, -0.732869077959216785"
  })
  void erfinvHasItsDigits(double x, double expected) {
    assertThat(ReferenceMath.erfinv(x)).isCloseTo(expected, relative(expected, 1e-14));
  }

  @Test
  void specialArguments() {
    assertThat(ReferenceMath.erf(INFINITY)).isEqualTo(1);
    assertThat(ReferenceMath.erf(-INFINITY)).isEqualTo(-1);
    assertThat(ReferenceMath.erf(40)).isEqualTo(1);
    assertThat(ReferenceMath.erf(-0.0)).isEqualTo(-0.0);
    assertThat(ReferenceMath.erfc(INFINITY)).isZero();
    assertThat(ReferenceMath.erfc(-INFINITY)).isEqualTo(2);
    assertThat(ReferenceMath.erfinv(1)).isEqualTo(INFINITY);
    assertThat(ReferenceMath.erfinv(-1)).isEqualTo(-INFINITY);
    assertThat(ReferenceMath.erfinv(1.5)).isNaN();
    assertThat(ReferenceMath.erfinv(0)).isZero();
    assertThat(ReferenceMath.erfinv(1e-300)).isCloseTo(8.862269254527580e-301, within(1e-314));
    assertThat(ReferenceMath.lgamma(0)).isEqualTo(INFINITY);
    assertThat(ReferenceMath.lgamma(-1)).isNaN();
    assertThat(ReferenceMath.lgamma(1)).isZero();
    assertThat(ReferenceMath.lgamma(2)).isZero();
    assertThat(ReferenceMath.lgamma(INFINITY)).isEqualTo(INFINITY);
    assertThat(ReferenceMath.sigmoid(-INFINITY)).isZero();
    assertThat(ReferenceMath.sigmoid(INFINITY)).isEqualTo(1);
    assertThat(ReferenceMath.softplus(-INFINITY)).isZero();
    assertThat(ReferenceMath.softplus(INFINITY)).isEqualTo(INFINITY);
  }

  @Test
  void nanGivesNan() {
    assertThat(ReferenceMath.erf(Double.NaN)).isNaN();
    assertThat(ReferenceMath.erfc(Double.NaN)).isNaN();
    assertThat(ReferenceMath.erfinv(Double.NaN)).isNaN();
    assertThat(ReferenceMath.lgamma(Double.NaN)).isNaN();
    assertThat(ReferenceMath.sigmoid(Double.NaN)).isNaN();
    assertThat(ReferenceMath.softplus(Double.NaN)).isNaN();
    assertThat(ReferenceMath.logAddExp(Double.NaN, 0)).isNaN();
    assertThat(ReferenceMath.logSumExp(new double[] {0, Double.NaN}, 0, 2)).isNaN();
  }

  /** Where e^±x neither overflows nor vanishes next to 1, the plain formulas hold. */
  @ParameterizedTest
  @ValueSource(doubles = {-30, -7.25, -1, -0.001, 0, 0.001, 1, 7.25, 30})
  void sigmoidAndSoftplusAreTheirFormulas(double x) {
    double sigmoid = x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
    assertThat(ReferenceMath.sigmoid(x)).isCloseTo(sigmoid, relative(sigmoid, 1e-15));
    double softplus = Math.log1p(Math.exp(x));
    assertThat(ReferenceMath.softplus(x)).isCloseTo(softplus, relative(softplus, 1e-15));
  }

  @Test
  void sigmoidAndSoftplusKeepTheirAccuracyFarOut() {
    assertThat(ReferenceMath.sigmoid(-700)).isEqualTo(Math.exp(-700));
    assertThat(ReferenceMath.softplus(-700)).isEqualTo(Math.exp(-700));
    assertThat(ReferenceMath.softplus(1e300)).isEqualTo(1e300);
  }

  @Test
  void logSumExpNeitherOverflowsNorLosesTheZeroProbability() {
    double[] a = {9e9, 1000, 1000 + Math.log(2), -INFINITY, 9e9};
    assertThat(ReferenceMath.logSumExp(a, 1, 3)).isCloseTo(1000 + Math.log(3), within(1e-12));
    assertThat(ReferenceMath.logSumExp(a, 3, 1)).isEqualTo(-INFINITY);
    assertThat(ReferenceMath.logSumExp(a, 0, 0)).isEqualTo(-INFINITY);
    assertThat(ReferenceMath.logSumExp(new double[] {0, INFINITY}, 0, 2)).isEqualTo(INFINITY);
    assertThat(ReferenceMath.logAddExp(-1000, -1000 + Math.log(2)))
        .isCloseTo(-1000 + Math.log(3), within(1e-12));
    assertThat(ReferenceMath.logAddExp(-INFINITY, -3)).isEqualTo(-3);
    assertThat(ReferenceMath.logAddExp(-INFINITY, -INFINITY)).isEqualTo(-INFINITY);
  }

  private static void agree(
      DoubleUnaryOperator ours, DoubleUnaryOperator theirs, double from, double to, double bound) {
    for (int i = 0; i <= 2000; i++) {
      double x = from + (to - from) * i / 2000;
      double expected = theirs.applyAsDouble(x);
      assertThat(ours.applyAsDouble(x))
          .as("at %s", x)
          .isCloseTo(expected, relative(expected, bound));
    }
  }

  private static org.assertj.core.data.Offset<Double> relative(double expected, double bound) {
    return within(Math.max(Double.MIN_NORMAL, Math.abs(expected) * bound));
  }
}
