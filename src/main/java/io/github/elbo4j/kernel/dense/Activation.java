package io.github.elbo4j.kernel.dense;

/** What a dense layer applies to {@code v = x·w + bias}, element by element. */
public enum Activation {
  /** {@code v}. */
  NONE(0, false),

  /** {@code max(v, 0)}, with derivative 0 at 0. */
  RELU(1, false),

  /** {@code tanh(v)}. */
  TANH(2, false),

  /** {@code 1/(1 + exp(−v))}. */
  SIGMOID(3, false),

  /** {@code log(1 + exp(v))}. */
  SOFTPLUS(4, false),

  /** {@code v} above 0, else {@code exp(v) − 1} (Clevert et al. 2016, α = 1). */
  ELU(5, false),

  /**
   * {@code v·Φ(v)}, Φ the normal distribution function: the exact form (Hendrycks and Gimpel 2016).
   */
  GELU(6, true),

  /** {@code v·sigmoid(v)}, also called swish (Elfwing et al. 2018). */
  SILU(7, true);

  private final int code;
  private final boolean needsPre;

  Activation(int code, boolean needsPre) {
    this.code = code;
    this.needsPre = needsPre;
  }

  /**
   * True where the derivative is not a function of the value, so that the backward pass needs
   * {@code v} itself.
   */
  public boolean needsPre() {
    return needsPre;
  }

  /** Its number in cuda/activation.cuh. */
  public int code() {
    return code;
  }
}
