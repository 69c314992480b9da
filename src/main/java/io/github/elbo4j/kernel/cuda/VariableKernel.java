package io.github.elbo4j.kernel.cuda;

/**
 * A VARIABLE_KERNEL: rows of variables of some categories, in its forms for few and for many.
 *
 * @param few eight threads a variable
 * @param many a warp a variable
 */
public record VariableKernel(RowKernel few, RowKernel many) {
  private static final int FEW = 24;

  /** The forms of {@code VARIABLE_KERNEL(entry)}. */
  public static VariableKernel of(Cuda cuda, String family, String entry) {
    return new VariableKernel(cuda.rows(family, entry + "_few"), cuda.rows(family, entry));
  }

  /** The form for that many categories. */
  public RowKernel of(int categories) {
    return categories <= FEW ? few : many;
  }
}
