package io.github.elbo4j.kernel;

import io.github.elbo4j.testkit.Families;
import io.github.elbo4j.testkit.Fixture;
import io.github.elbo4j.testkit.KernelCase;

/** Prints a hash of the bits that each hot case leaves; run in JVMs with other flags. */
final class KernelBits {
  private KernelBits() {}

  public static void main(String[] args) {
    System.out.println(hashes(0));
  }

  /** One line a case, after it has run for {@code warmMillis}. */
  static String hashes(long warmMillis) {
    Backend simd = Backends.simd();
    StringBuilder lines = new StringBuilder();
    for (KernelCase kernel : Families.parity()) {
      if (kernel.hot()) {
        KernelCase.Call call = kernel.setup().prepare(new Fixture(2));
        long end = System.nanoTime() + warmMillis * 1_000_000;
        while (System.nanoTime() < end) {
          call.run(simd);
        }
        Fixture fixture = new Fixture(1);
        kernel.setup().prepare(fixture).run(simd);
        lines.append(kernel).append(": ").append(Integer.toHexString(fixture.hash())).append('\n');
      }
    }
    return lines.toString().strip();
  }
}
