package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Dense;
import io.github.elbo4j.nn.Initializer;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.GaussianLikelihood.Variance;
import org.jspecify.annotations.Nullable;

/**
 * The logarithm of a scale or variance of a likelihood, fixed or learned in one of three forms:
 * {@link Variance}.
 */
final class ScaleHead {
  /** Learned scales start at this standard deviation, about that of pixels in [0,1]. */
  private static final double DEVIATION = 0.3;

  /**
   * A form, and where it starts.
   *
   * @param log logarithm of a fixed scale, or of where a learned one starts
   */
  record Start(Variance form, float log) {}

  /**
   * Reads the one argument of {@code NAME[:FORM]}: scalar, which is meant where there is none,
   * dimension, element or a number above 0.
   *
   * @param number what the number is called in messages
   * @param perDeviation scale of a distribution of standard deviation 1
   */
  static Start parse(SpecText spec, String number, double perDeviation) {
    String form =
        "%s:FORM with FORM scalar, dimension, element or a number %s > 0"
            .formatted(spec.name(), number);
    spec.expect(0, 1, form);
    String text = spec.arguments().isEmpty() ? "scalar" : spec.arguments().getFirst();
    float start = (float) Math.log(DEVIATION * perDeviation);
    return switch (text) {
      case "scalar" -> new Start(Variance.SCALAR, start);
      case "dimension" -> new Start(Variance.DIMENSION, start);
      case "element" -> new Start(Variance.ELEMENT, start);
      default -> {
        try {
          double scale = Double.parseDouble(text);
          if (scale > 0 && Double.isFinite(scale)) {
            yield new Start(Variance.FIXED, (float) Math.log(scale));
          }
        } catch (NumberFormatException e) {
          // Falls through to the message below, which names the form.
        }
        throw spec.refusal("must be of the form " + form);
      }
    };
  }

  private final LogVarBounds bounds;
  private final @Nullable Var shared;
  private final @Nullable Dense head;

  /**
   * What {@link #declare} put there.
   *
   * @param fixed the logarithm when {@code form} is {@link Variance#FIXED}
   * @param bounds clamp of a learned logarithm
   */
  ScaleHead(Parameters parameters, String name, Variance form, float fixed, LogVarBounds bounds) {
    this.bounds = bounds;
    shared =
        switch (form) {
          case FIXED -> Var.constant(Tensor.of(new float[] {fixed}, 0, 1));
          case SCALAR, DIMENSION ->
              Var.parameter(parameters.value(name), parameters.gradient(name));
          case ELEMENT -> null;
        };
    head = form == Variance.ELEMENT ? new Dense(parameters, name, Activation.NONE) : null;
  }

  /** Declares what the form learns, starting at {@code start}, on a decoder of width {@code in}. */
  static void declare(
      Parameters.Builder builder, String name, int in, int data, Variance form, float start) {
    Initializer initial = Initializer.constant(start);
    switch (form) {
      case FIXED -> {}
      case SCALAR -> builder.add(name, 1, 1, initial);
      case DIMENSION -> builder.add(name, 1, data, initial);
      case ELEMENT -> Dense.declare(builder, name, in, data, Initializer.fanInUniform(), initial);
    }
  }

  /** One element, [1,N] or [R,N]. */
  Var value(Tape tape, Var h) {
    if (head != null) {
      return bounds.apply(tape, head.forward(tape, h));
    }
    Var v = java.util.Objects.requireNonNull(shared);
    return v.needsGradient() ? bounds.apply(tape, v) : v;
  }

  /** The bias of a location: the mean of each data dimension; null for zeros. */
  static Initializer location(double @Nullable [] dataMeans) {
    if (dataMeans == null) {
      return Initializer.zeros();
    }
    float[] bias = new float[dataMeans.length];
    for (int i = 0; i < bias.length; i++) {
      bias[i] = (float) dataMeans[i];
    }
    return Initializer.of(bias);
  }
}
