package io.github.elbo4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * Every SIMD hook leaves the same bits in the interpreter, in C1 and compiled by C2: a run does not
 * depend on when its kernels became warm.
 */
class KernelBitsTest {
  @Test
  void coldAndWarmKernelsAgree() {
    Map<String, CompletableFuture<String>> others = new LinkedHashMap<>();
    for (String flag : List.of("-Xint", "-XX:TieredStopAtLevel=1")) {
      others.put(flag, CompletableFuture.supplyAsync(() -> hashes(flag)));
    }
    String warm = KernelBits.hashes(50);
    assertThat(warm.lines()).hasSizeGreaterThan(30);
    others.forEach((flag, hashes) -> assertThat(hashes.join()).as(flag).isEqualTo(warm));
  }

  private static String hashes(String flag) {
    try {
      return Jvm.run(List.of(flag), KernelBits.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
