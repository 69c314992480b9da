package io.github.elbo4j.train;

/** A configuration that cannot be used. The message is one line and says what was wanted. */
public final class ConfigException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message one line
   */
  public ConfigException(String message) {
    super(message);
  }
}
