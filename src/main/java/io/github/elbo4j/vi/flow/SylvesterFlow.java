package io.github.elbo4j.vi.flow;

import io.github.elbo4j.autodiff.SylvesterOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.nn.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * A Sylvester step in its Householder form (van den Berg et al. 2018), as many planar steps at once
 * as there are dimensions:
 *
 * <pre>
 * z' = z + Q·R1·tanh(R2·Qᵀz + b)      R1, R2 upper triangular, Q a product of reflections
 * log|det| = Σ_i log( 1 + (1 − tanh²)_i·r1_ii·r2_ii )
 * </pre>
 *
 * Q has min(D, {@value #REFLECTIONS}) reflections, the paper's largest number. Of R1 and R2 whole
 * matrices are declared, whose lower triangles nothing reads. No gradient goes through the inverse
 * here.
 */
public final class SylvesterFlow implements Flow {
  static final int REFLECTIONS = 8;

  /**
   * Sylvester steps in a row.
   *
   * @param steps S &gt;= 1
   * @param shared whether all data points have the same steps
   */
  public record Spec(int steps, boolean shared) implements FlowSpec {
    public Spec {
      FlowSpec.atLeastOne(steps);
    }

    @Override
    public void declare(Parameters.Builder builder, String name, int dimensions, int context) {
      int d = dimensions;
      int reflections = Math.min(d, REFLECTIONS);
      for (int i = 0; i < steps; i++) {
        String step = name + "." + i;
        Numbers.declare(builder, step + ".v", context, reflections * d, shared, 1);
        Numbers.declare(builder, step + ".r1", context, d * d, shared, SPREAD);
        Numbers.declare(builder, step + ".r2", context, d * d, shared, SPREAD);
        Numbers.declare(builder, step + ".b", context, d, shared, SPREAD);
      }
    }

    @Override
    public Flow build(Parameters parameters, String name, int dimensions, boolean conditioned) {
      Flow[] built = new Flow[steps];
      for (int i = 0; i < steps; i++) {
        String step = name + "." + i;
        built[i] =
            new SylvesterFlow(
                Numbers.of(parameters, step + ".v", shared),
                Numbers.of(parameters, step + ".r1", shared),
                Numbers.of(parameters, step + ".r2", shared),
                Numbers.of(parameters, step + ".b", shared));
      }
      return new Steps(built);
    }
  }

  private static final double SPREAD = 0.1;

  private final Numbers v;
  private final Numbers r1;
  private final Numbers r2;
  private final Numbers b;

  private SylvesterFlow(Numbers v, Numbers r1, Numbers r2, Numbers b) {
    this.v = v;
    this.r1 = r1;
    this.r2 = r2;
    this.b = b;
  }

  @Override
  public Var forward(Tape tape, Var z, @Nullable Var h, Var logDet) {
    return SylvesterOps.sylvester(
        tape, z, v.read(tape, h), r1.read(tape, h), r2.read(tape, h), b.read(tape, h), logDet);
  }

  @Override
  public boolean invertible() {
    return false;
  }

  @Override
  public Flow detached() {
    return new SylvesterFlow(v.detached(), r1.detached(), r2.detached(), b.detached());
  }
}
