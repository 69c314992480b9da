package io.github.elbo4j.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.CudaBackend;
import io.github.elbo4j.kernel.Precision;
import io.github.elbo4j.kernel.dense.DenseCuda;
import io.github.elbo4j.testkit.Families;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.KernelCase;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every case of dense layers, masked ones among them, through each provider that is here but the
 * one of {@link CudaParityTest}; and twice, for the same bits.
 */
@Tag("cuda")
class GemmParityTest {
  private static final Cuda CUDA = Cuda.open(0);
  private static final List<GemmProvider> OPEN = new ArrayList<>();

  static Stream<Arguments> casesOfEachProvider() {
    String tested = usual();
    List<KernelCase> cases = Families.cases("dense").parity().stream().toList();
    return Stream.of("own", "cublas", "jcublas")
        .filter(name -> !name.equals(tested))
        .flatMap(name -> open(name).stream())
        .flatMap(
            gemm -> {
              Backend backend = with(new DenseCuda(CUDA, gemm));
              return cases.stream().map(c -> Arguments.of(gemm.name(), c, backend));
            });
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("casesOfEachProvider")
  void providerMatchesReference(String provider, KernelCase kernel, Backend backend) {
    Fixture reference = run(kernel, Backends.reference());
    Fixture device = run(kernel, backend);
    device.assertMatches(reference);
    run(kernel, backend).assertSameBits(device);
  }

  @AfterAll
  static void close() {
    OPEN.forEach(GemmProvider::close);
    OPEN.clear();
    assertThat(CUDA.memory().blocks()).as("blocks held after all").isZero();
  }

  private static String usual() {
    try (GemmProvider gemm = GemmProviders.open(CUDA, Precision.FP32)) {
      return gemm.name();
    }
  }

  /** The provider; none where this machine lacks it. */
  private static List<GemmProvider> open(String name) {
    List<GemmProvider> found = new ArrayList<>();
    Runnable open =
        () -> {
          try {
            found.add(GemmProviders.open(CUDA, name, Precision.FP32));
          } catch (IllegalStateException e) {
            assertThat(EmulatedDevice.present()).as("the emulator has them all: %s", e).isFalse();
          }
        };
    if (EmulatedDevice.present()) {
      StandInCublas.with(StandInCublas.file(name.equals("jcublas") ? 12 : 13), open);
    } else {
      open.run();
    }
    OPEN.addAll(found);
    return found;
  }

  /** The backend of the device with other dense kernels. */
  private static Backend with(DenseCuda dense) {
    Backend backend = CudaBackend.get();
    RecordComponent[] components = Backend.class.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] values = new Object[components.length];
    try {
      for (int i = 0; i < components.length; i++) {
        types[i] = components[i].getType();
        values[i] =
            components[i].getName().equals("dense")
                ? dense
                : components[i].getAccessor().invoke(backend);
      }
      return Backend.class.getDeclaredConstructor(types).newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("the backend's record", e);
    }
  }

  private static Fixture run(KernelCase kernel, Backend backend) {
    Fixture fixture = new Fixture(1);
    kernel.setup().prepare(fixture).run(backend);
    return fixture;
  }
}
