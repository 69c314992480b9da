package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.testkit.Families;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.KernelCase;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A thread that ran a kernel does not keep the kernel's arguments alive. */
class KernelTaskTest {
  private record Kept(KernelCase kernel, WeakReference<float[]> array) {}

  @Test
  void argumentsAreLetGoOf() throws InterruptedException {
    List<Kept> kept = new ArrayList<>();
    for (KernelCase kernel : Families.parity()) {
      if (kernel.hot()) {
        run(kernel, kept);
      }
    }
    assertThat(kept).hasSizeGreaterThan(50);
    for (int i = 0; i < 20 && alive(kept) > 0; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertThat(kept.stream().filter(k -> k.array.refersTo(null)).count())
        .as(
            "let go of; kept: %s",
            kept.stream()
                .filter(k -> !k.array.refersTo(null))
                .map(Kept::kernel)
                .distinct()
                .toList())
        .isEqualTo(kept.size());
  }

  private static void run(KernelCase kernel, List<Kept> kept) {
    Fixture fixture = new Fixture(1);
    kernel.setup().prepare(fixture).run(Backends.simd());
    fixture.tensors().forEach(t -> kept.add(new Kept(kernel, new WeakReference<>(t.array()))));
  }

  private static long alive(List<Kept> kept) {
    return kept.stream().filter(k -> !k.array.refersTo(null)).count();
  }
}
