package io.github.elbo4j.kernel.covariance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.elbo4j.kernel.cuda.Cuda;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("cuda")
class TriangularKernelTest {
  private final Cuda device = Cuda.open(0);

  @Test
  void matricesWhoseElementsAnIntDoesNotCountAreRefused() {
    long squared = 46_341L * 46_341;
    assertThat(squared).isGreaterThan(Integer.MAX_VALUE);
    TriangularKernel kernel = new TriangularKernel(device, "covariance", "covariance_kl", 0);
    assertThatThrownBy(() -> kernel.launch(device.begin(), 1, 46_341, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "covariance_kl_global: matrices of order 46,341, which on a device must be at most"
                + " 46,340");
  }
}
