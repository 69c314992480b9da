package io.github.elbo4j.bench.kernel;

import org.jspecify.annotations.Nullable;

/**
 * Libraries to compare with; a class says by its name whose it is, such as {@code GaussianTorch}.
 */
enum Peer {
  LIBTORCH("libtorch", "Torch"),
  EJML("EJML", "Ejml");

  private static final String OURS = "Benchmark";

  /** In a table. */
  final String label;

  private final String suffix;

  Peer(String label, String suffix) {
    this.label = label;
    this.suffix = suffix;
  }

  /** Whose benchmarks a class has; null for ours. */
  static @Nullable Peer of(String className) {
    for (Peer peer : values()) {
      if (className.endsWith(peer.suffix)) {
        return peer;
      }
    }
    return null;
  }

  /** The class without what says whose it is: one for ours and the peers beside it. */
  static String family(String className) {
    Peer peer = of(className);
    String suffix = peer == null ? OURS : peer.suffix;
    if (!className.endsWith(suffix)) {
      throw new IllegalStateException(className + " must end in " + OURS);
    }
    return className.substring(0, className.length() - suffix.length());
  }

  /** Our class beside a peer's. */
  static Class<? extends KernelBenchmark> ours(Class<?> peer) {
    try {
      return Class.forName(family(peer.getName()) + OURS).asSubclass(KernelBenchmark.class);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(peer.getName() + " has no class of ours beside it", e);
    }
  }
}
