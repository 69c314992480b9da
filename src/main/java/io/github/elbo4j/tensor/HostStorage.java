package io.github.elbo4j.tensor;

import java.util.Objects;

/**
 * Elements {@code array[offset]}, {@code array[offset + 1]}, …
 *
 * @param array the caller's own array, never copied
 * @param offset index of the first element
 */
public record HostStorage(float[] array, int offset) implements Storage {
  public HostStorage {
    Objects.checkIndex(offset, array.length + 1);
  }
}
