package io.github.elbo4j.kernel;

/** How precisely matrix products multiply; sums are of float32 in any case. */
public enum Precision {
  /** Products of float32. */
  FP32,

  /**
   * Operands rounded to TF32, which keeps 10 bits of 23, and multiplied by tensor cores: each
   * operand is off by at most 2⁻¹¹ of itself, a product by about 2⁻¹⁰ of Σ|terms|. CUDA devices of
   * compute capability 8.0 or newer.
   */
  TF32;

  /**
   * The precision of that name.
   *
   * @param name {@code fp32} or {@code tf32}
   * @throws IllegalArgumentException for another name
   */
  public static Precision of(String name) {
    return switch (name) {
      case "fp32" -> FP32;
      case "tf32" -> TF32;
      default ->
          throw new IllegalArgumentException("precision \"" + name + "\" must be fp32 or tf32");
    };
  }

  /** Whether {@link #of} knows it. */
  public static boolean isName(String name) {
    return name.equals("fp32") || name.equals("tf32");
  }

  /** Its name on the command line. */
  @Override
  public String toString() {
    return this == FP32 ? "fp32" : "tf32";
  }
}
