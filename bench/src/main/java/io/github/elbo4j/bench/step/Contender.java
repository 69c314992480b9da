package io.github.elbo4j.bench.step;

import java.util.List;
import java.util.Map;

/**
 * One row of the comparison.
 *
 * @param name in the table
 * @param main class of its processes
 * @param arguments after the number of threads
 * @param environment variables on top of a clean environment
 */
record Contender(
    String name, Class<?> main, List<String> arguments, Map<String, String> environment) {
  /** What is known to make libtorch faster on a CPU with AVX-512. */
  private static final Map<String, String> TUNED =
      Map.of(
          "OPENBLAS_CORETYPE", "SkylakeX",
          "OMP_WAIT_POLICY", "PASSIVE",
          "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");

  static final Contender OURS = new Contender("elbo4j", ElboStep.class, List.of(), Map.of());

  /** The peer as a user gets it, and with the environment tuned, each with both forms of loss. */
  static final List<Contender> PEERS =
      List.of(
          torch("libtorch, default, logits loss", "logits", Map.of()),
          torch("libtorch, default, example's loss", "example", Map.of()),
          torch("libtorch, tuned, logits loss", "logits", TUNED),
          torch("libtorch, tuned, example's loss", "example", TUNED));

  boolean tuned() {
    return !environment.isEmpty();
  }

  private static Contender torch(String name, String loss, Map<String, String> environment) {
    return new Contender(name, TorchStep.class, List.of(loss), environment);
  }
}
