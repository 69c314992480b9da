package io.github.elbo4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.CudaBackend;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.cuda.CudaProbe;
import io.github.elbo4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Compares a loss and its gradients on the tape, which are float32, with a formula in double and
 * the formula's differences (−f(x+2h) + 8f(x+h) − 8f(x−h) + f(x−2h)) / 12h, element by element.
 */
public final class TapeCheck {
  private static final double STEP = 1e-4;

  /** A loss on the tape as a function of parameters. */
  @FunctionalInterface
  public interface Graph {
    Var loss(Tape tape, Var[] parameters);
  }

  private TapeCheck() {}

  /** Normal numbers of standard deviation {@code scale}, rounded to float32. */
  public static Tensor normal(long seed, double scale, int... dims) {
    Tensor t = Tensor.zeros(dims);
    double[] x = GradCheck.random(seed, t.size(), scale);
    for (int i = 0; i < x.length; i++) {
      t.array()[i] = (float) x[i];
    }
    return t;
  }

  /**
   * Fails where the graph's loss or a gradient is not the formula's: on the reference, on SIMD, and
   * on a CUDA device where there is one.
   */
  public static void check(
      String what, Graph graph, ToDoubleFunction<double[][]> formula, Tensor... values) {
    for (Backend backend : backends()) {
      List<Tensor> gradients = new ArrayList<>();
      Var[] parameters = new Var[values.length];
      for (int i = 0; i < values.length; i++) {
        gradients.add(Tensor.of(new float[values[i].size()], 0, values[i].shape()));
        parameters[i] = Var.parameter(values[i], gradients.get(i));
      }
      Tape tape = new Tape(backend);
      Var loss = graph.loss(tape, parameters);
      tape.backward(loss);
      compare(backend + " " + what, loss.value().get(0), List.of(values), gradients, formula);
    }
  }

  /** Every backend of this machine. */
  public static List<Backend> backends() {
    List<Backend> backends = new ArrayList<>(List.of(Backends.reference(), Backends.simd()));
    if (CudaProbe.whyNot() == null) {
      backends.add(CudaBackend.get());
    }
    return backends;
  }

  /** Fails where a loss or a gradient is not the formula's. */
  public static void compare(
      String what,
      float loss,
      List<Tensor> values,
      List<Tensor> gradients,
      ToDoubleFunction<double[][]> formula) {
    double[][] x = values.stream().map(Doubles::read).toArray(double[][]::new);
    double wanted = formula.applyAsDouble(x);
    assertThat((double) loss).as("%s: loss", what).isCloseTo(wanted, bound(wanted, 1));
    for (int i = 0; i < x.length; i++) {
      double[] slopes = slopes(x, i, formula);
      double largest = Arrays.stream(slopes).map(Math::abs).max().orElse(0);
      for (int j = 0; j < slopes.length; j++) {
        assertThat((double) gradients.get(i).get(j))
            .as("%s: gradient of parameter %d %s, element %d", what, i, values.get(i).shape(), j)
            .isCloseTo(slopes[j], bound(slopes[j], largest));
      }
    }
  }

  /** The float32 tolerance of a gradient (KERNELS.md) beside others of size {@code largest}. */
  private static org.assertj.core.data.Offset<Double> bound(double wanted, double largest) {
    return within(1e-4 * Math.abs(wanted) + 1e-5 * largest + 1e-9);
  }

  private static double[] slopes(double[][] x, int i, ToDoubleFunction<double[][]> formula) {
    double[] slopes = new double[x[i].length];
    for (int j = 0; j < slopes.length; j++) {
      double near = moved(x, i, j, STEP, formula) - moved(x, i, j, -STEP, formula);
      double far = moved(x, i, j, 2 * STEP, formula) - moved(x, i, j, -2 * STEP, formula);
      slopes[j] = (8 * near - far) / (12 * STEP);
    }
    return slopes;
  }

  private static double moved(
      double[][] x, int i, int j, double h, ToDoubleFunction<double[][]> formula) {
    double there = x[i][j];
    x[i][j] = there + h;
    double value = formula.applyAsDouble(x);
    x[i][j] = there;
    return value;
  }
}
