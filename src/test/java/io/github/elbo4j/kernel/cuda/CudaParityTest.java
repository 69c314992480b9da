package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.testkit.KernelCase;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link DeviceParity}, a test a case. */
@Tag("cuda")
class CudaParityTest {
  static List<KernelCase> cases() {
    return DeviceParity.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void deviceMatchesReferenceInAnyOrderOfThreads(KernelCase kernel) throws InterruptedException {
    DeviceParity.check(kernel);
  }
}
