package io.github.elbo4j.kernel.dense;

/** What a dense layer applies to {@code v = x·w + bias}, element by element. */
public enum Activation {
  /** {@code v}. */
  NONE(false),

  /** {@code max(v, 0)}, with derivative 0 at 0. */
  RELU(false),

  /** {@code tanh(v)}. */
  TANH(false),

  /** {@code 1/(1 + exp(−v))}. */
  SIGMOID(false),

  /** {@code log(1 + exp(v))}. */
  SOFTPLUS(false),

  /** {@code v} above 0, else {@code exp(v) − 1} (Clevert et al. 2016, α = 1). */
  ELU(false),

  /**
   * {@code v·Φ(v)}, Φ the normal distribution function: the exact form (Hendrycks and Gimpel 2016).
   */
  GELU(true),

  /** {@code v·sigmoid(v)}, also called swish (Elfwing et al. 2018). */
  SILU(true);

  private final boolean needsPre;

  Activation(boolean needsPre) {
    this.needsPre = needsPre;
  }

  /**
   * True where the derivative is not a function of the value, so that the backward pass needs
   * {@code v} itself.
   */
  public boolean needsPre() {
    return needsPre;
  }
}
