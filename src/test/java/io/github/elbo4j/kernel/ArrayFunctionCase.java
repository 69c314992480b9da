package io.github.elbo4j.kernel;

import java.util.function.DoubleUnaryOperator;

/** Every array function with its double reference and its documented bound. */
@SuppressWarnings("ImmutableEnumChecker") // method references hold no state
enum ArrayFunctionCase {
  EXP(SimdMath::exp, Math::exp, SimdMath.MAX_ULP_EXP),
  LOG(SimdMath::log, Math::log, SimdMath.MAX_ULP_LOG),
  LOG1P(SimdMath::log1p, Math::log1p, SimdMath.MAX_ULP_LOG1P),
  EXPM1(SimdMath::expm1, Math::expm1, SimdMath.MAX_ULP_EXPM1),
  TANH(SimdMath::tanh, StrictMath::tanh, SimdMath.MAX_ULP_TANH),
  SIGMOID(SimdMath::sigmoid, ReferenceMath::sigmoid, SimdMath.MAX_ULP_SIGMOID),
  SOFTPLUS(SimdMath::softplus, ReferenceMath::softplus, SimdMath.MAX_ULP_SOFTPLUS),
  SIN(SimdSpecial::sin, Math::sin, SimdSpecial.MAX_ULP_SIN),
  COS(SimdSpecial::cos, Math::cos, SimdSpecial.MAX_ULP_SIN),
  ERF(SimdSpecial::erf, ReferenceMath::erf, SimdSpecial.MAX_ULP_ERF),
  ERFINV(SimdSpecial::erfinv, ReferenceMath::erfinv, SimdSpecial.MAX_ULP_ERFINV),
  LGAMMA(SimdSpecial::lgamma, ReferenceMath::lgamma, SimdSpecial.MAX_ULP_LGAMMA);

  final ArrayFunction function;
  final DoubleUnaryOperator reference;
  final double maxUlp;

  ArrayFunctionCase(ArrayFunction function, DoubleUnaryOperator reference, double maxUlp) {
    this.function = function;
    this.reference = reference;
    this.maxUlp = maxUlp;
  }

  float at(float x) {
    float[] a = {x};
    function.whole(a, 0, a, 0, 1);
    return a[0];
  }
}
