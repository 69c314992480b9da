package io.github.elbo4j.vi;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The gradients of whole models and of priors on the device, against differences in double. */
@Tag("cuda")
class CudaGradientTest {
  @Nested
  class Model extends VaeGradientTest {}

  @Nested
  class Priors extends PriorTest {}
}
