package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;

/** {@link io.github.elbo4j.kernel.discrete.CodebookKernels} on the tape. */
public final class CodebookOps {
  private static final int[] NONE = new int[0];

  private CodebookOps() {}

  /**
   * The nearest entry of each row in its place, straight-through (van den Oord et al. 2017): the
   * gradient passes to z as if the two were equal, and none reaches the codebook, which learns by
   * moving averages or through {@link #lookup}.
   *
   * @param z [R,D]
   * @param codebook [J,D]
   * @param index written, R entries
   * @return [R,D]
   */
  public static Var quantize(Tape tape, Var z, Tensor codebook, int[] index) {
    StraightThroughNode n = tape.next(StraightThroughNode.class, StraightThroughNode::new);
    n.z = z;
    Tensor out = tape.open(n.out, z.needsGradient(), z.value().rows(), z.value().columns());
    tape.backend().codebook().nearest(z.value(), codebook, index, null);
    tape.backend().codebook().lookup(codebook, index, out);
    return n.out;
  }

  /**
   * Entries by index, with their gradient: for the codebook's own term of the objective.
   *
   * @param codebook [J,D]
   * @param index R entries; must stay as it is until the backward pass
   * @return [R,D]
   */
  public static Var lookup(Tape tape, Var codebook, int[] index) {
    LookupNode n = tape.next(LookupNode.class, LookupNode::new);
    n.codebook = codebook;
    n.index = index;
    Tensor entries = codebook.value();
    Tensor out = tape.open(n.out, codebook.needsGradient(), index.length, entries.columns());
    tape.backend().codebook().lookup(entries, index, out);
    return n.out;
  }

  private static final class StraightThroughNode extends Node {
    private Var z = new Var();
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor dZ = z.gradient();
      if (g != null && dZ != null) {
        kernels.memory().add(g, dZ);
      }
    }
  }

  private static final class LookupNode extends Node {
    private Var codebook = new Var();
    private int[] index = NONE;
    private final Var out = new Var();

    @Override
    protected boolean reached() {
      return out.needsGradient() && !out.untouched();
    }

    @Override
    protected void backward(Backend kernels) {
      Tensor g = out.gradient();
      Tensor dCodebook = codebook.gradient();
      if (g != null && dCodebook != null) {
        kernels.codebook().lookupBackward(index, g, dCodebook);
      }
    }
  }
}
