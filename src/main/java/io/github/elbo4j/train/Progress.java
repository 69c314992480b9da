package io.github.elbo4j.train;

/** Told how far something long is. */
@FunctionalInterface
public interface Progress {
  /** {@code done} of {@code total} parts are done. */
  void at(long done, long total);
}
