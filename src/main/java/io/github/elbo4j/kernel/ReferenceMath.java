package io.github.elbo4j.kernel;

/**
 * Special functions in double, to a relative error of about 1e-14: the law that the float functions
 * of {@link SimdMath} and {@link SimdSpecial} are compared with, and what the reference kernels
 * call. All are pure; NaN gives NaN.
 */
public final class ReferenceMath {
  private static final double TWO_OVER_SQRT_PI = 1.1283791670955126;
  private static final double ONE_MINUS_EULER = 0.42278433509846713;
  private static final double HALF_LN_2_PI = 0.9189385332046728;

  /** Where erfc is computed by its continued fraction rather than as 1 - erf. */
  private static final double ERFC_FRACTION_FROM = 1.5;

  /** ζ(k) - 1 for k = 2 … 31. */
  private static final double[] ZETA_MINUS_1 = {
    0.6449340668482264,
    0.2020569031595943,
    0.08232323371113819,
    0.03692775514336993,
    0.01734306198444914,
    0.008349277381922827,
    0.00407735619794434,
    0.0020083928260822143,
    0.0009945751278180853,
    0.0004941886041194645,
    0.0002460865533080483,
    0.00012271334757848915,
    6.124813505870483e-05,
    3.058823630702049e-05,
    1.528225940865187e-05,
    7.637197637899763e-06,
    3.81729326499984e-06,
    1.908212716553939e-06,
    9.539620338727962e-07,
    4.769329867878064e-07,
    2.38450502727733e-07,
    1.1921992596531106e-07,
    5.960818905125948e-08,
    2.980350351465228e-08,
    1.4901554828365043e-08,
    7.45071178983543e-09,
    3.725334024788457e-09,
    1.862659723513049e-09,
    9.313274324196682e-10,
    4.656629065033784e-10
  };

  /** B(2k) / (2k (2k-1)), k = 1 … 7: Stirling's series. */
  private static final double[] STIRLING = {
    1 / 12., -1 / 360., 1 / 1260., -1 / 1680., 1 / 1188., -691 / 360360., 1 / 156.
  };

  private ReferenceMath() {}

  /** 1 / (1 + e^-x). */
  public static double sigmoid(double x) {
    double e = Math.exp(-Math.abs(x));
    return (x < 0 ? e : 1) / (1 + e);
  }

  /** ln(1 + e^x), also known as log1pExp. */
  public static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  /** ln(e^a + e^b); -∞ stands for a probability of 0. */
  public static double logAddExp(double a, double b) {
    double max = Math.max(a, b);
    return Double.isInfinite(max) ? max : max + Math.log1p(Math.exp(Math.min(a, b) - max));
  }

  /** ln Σ e^a[from + i] over i in [0, n); -∞ when n is 0. */
  public static double logSumExp(double[] a, int from, int n) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, a[from + i]);
    }
    if (Double.isInfinite(max) || Double.isNaN(max)) {
      return max;
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.exp(a[from + i] - max);
    }
    return max + Math.log(sum);
  }

  /** erf x = 2/√π ∫₀ˣ exp(-t²) dt. */
  public static double erf(double x) {
    double y = Math.abs(x);
    return Math.copySign(y < ERFC_FRACTION_FROM ? erfSeries(y) : 1 - erfcFraction(y), x);
  }

  /** 1 - erf x, without cancellation for large x. */
  public static double erfc(double x) {
    return x < ERFC_FRACTION_FROM ? 1 - erf(x) : erfcFraction(x);
  }

  /** Abramowitz and Stegun 7.1.6; every term is positive. */
  private static double erfSeries(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; term > sum * 1e-17; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum;
  }

  /** Abramowitz and Stegun 7.1.14 for x ≥ 1.5, from the innermost term outwards. */
  private static double erfcFraction(double x) {
    double fraction = x;
    for (int k = 20 + (int) (300 / (x * x)); k > 0; k--) {
      fraction = x + 0.5 * k / fraction;
    }
    double square = x * x;
    double rest = Math.fma(x, x, -square); // what the rounding of the square lost
    return x > 30 ? 0 : Math.exp(-square) * (1 - rest) / fraction * (TWO_OVER_SQRT_PI / 2);
  }

  /**
   * The y with erf y = x; ±∞ for ±1, NaN beyond. Halley's iteration from Winitzki's approximation.
   */
  public static double erfinv(double x) {
    double p = Math.abs(x);
    if (!(p < 1)) {
      return p == 1 ? Math.copySign(Double.POSITIVE_INFINITY, x) : Double.NaN;
    }
    double y = p < 0.5 ? p / TWO_OVER_SQRT_PI : winitzki(p);
    for (int i = 0; i < 4; i++) {
      double excess = p < 0.5 ? erf(y) - p : (1 - p) - erfc(y);
      double step = excess / (TWO_OVER_SQRT_PI * Math.exp(-y * y));
      y -= step / (1 + y * step);
    }
    return Math.copySign(y, x);
  }

  /**
   * erfinv to 2e-3: Winitzki, A handy approximation for the error function and its inverse, 2008.
   */
  private static double winitzki(double p) {
    double a = 0.147;
    double log = Math.log((1 - p) * (1 + p));
    double t = 2 / (Math.PI * a) + log / 2;
    return Math.sqrt(Math.sqrt(t * t - log / a) - t);
  }

  /**
   * ln Γ(x) for x &gt; 0; +∞ for 0, NaN for negative x. Its relative error is small next to the
   * zeros 1 and 2 too.
   */
  public static double lgamma(double x) {
    if (!(x > 0)) {
      return x == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    }
    if (x == Double.POSITIVE_INFINITY) {
      return x;
    }
    if (x < 0.5) {
      return lgammaNear2(x) - Math.log1p(x) - Math.log(x);
    }
    if (x < 1.5) {
      return lgammaNear2(x - 1) - Math.log1p(x - 1);
    }
    if (x < 12) {
      double product = 1;
      for (; x > 2.5; x--) {
        product *= x - 1;
      }
      return lgammaNear2(x - 2) + Math.log(product);
    }
    double series = 0;
    for (int k = STIRLING.length - 1; k >= 0; k--) {
      series = series / (x * x) + STIRLING[k];
    }
    return (x - 0.5) * Math.log(x) - x + HALF_LN_2_PI + series / x;
  }

  /** ln Γ(2 + t) for |t| ≤ 1/2: Abramowitz and Stegun 6.1.33 with ln(1 + t) taken out. */
  private static double lgammaNear2(double t) {
    double sum = 0;
    for (int k = ZETA_MINUS_1.length + 1; k >= 2; k--) {
      sum = -t * (ZETA_MINUS_1[k - 2] / k + sum);
    }
    // sum = Σ (ζ(k) - 1) (-t)^(k-1) / k
    return t * (ONE_MINUS_EULER - sum);
  }
}
