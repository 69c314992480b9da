package io.github.elbo4j.data;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Data that could not be had or read. The message is one line: which file, what came, what was
 * wanted.
 */
public final class DataException extends IOException {
  private static final long serialVersionUID = 1L;

  public DataException(String message) {
    this(message, null);
  }

  public DataException(String message, @Nullable Throwable cause) {
    super(message.replaceAll("\\s*[\\r\\n]+\\s*", " "), cause);
  }
}
