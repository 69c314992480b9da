package io.github.elbo4j.kernel.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.GradCheck;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.LUDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold of flows whatever their parameters. */
class FlowPropertiesTest {
  /** A step of one row and its log-determinant in double, and both on a backend. */
  record Flow(String name, Map map, Map inverse, Kernel kernel, Kernel kernelInverse) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** z' of z; the log-determinant is added to logDet[0]. */
  interface Map {
    double[] of(double[] z, double[] logDet);
  }

  interface Kernel {
    void run(Backend k, Tensor z, Tensor out, Tensor logDet);
  }

  private static Tensor tensor(double[] x, int... dims) {
    Tensor t = Tensor.zeros(dims);
    for (int i = 0; i < x.length; i++) {
      t.array()[i] = (float) x[i];
    }
    return t;
  }

  private static List<Flow> flows(int d) {
    return List.of(
        planar(d, 1),
        planar(d, 3),
        radial(d, -1),
        radial(d, 2),
        householder(d),
        sylvester(d, 0),
        sylvester(d, 2));
  }

  static List<Flow> oneToSix() {
    return IntStream.rangeClosed(1, 6).boxed().flatMap(d -> flows(d).stream()).toList();
  }

  static List<Flow> planeFlows() {
    return flows(2);
  }

  private static Flow planar(int d, int s) {
    double[] u = GradCheck.random(1, s * d, 1.5 / Math.sqrt(d));
    double[] w = GradCheck.random(2, s * d, 1.5 / Math.sqrt(d));
    double[] b = GradCheck.random(3, s, 1);
    Tensor[] t = {tensor(u, 1, s * d), tensor(w, 1, s * d), tensor(b, 1, s)};
    return new Flow(
        "planar:" + s + " d=" + d,
        (z, l) -> PlanarReference.forward(z, u, w, b, s, 1, d, l)[s],
        (z, l) -> PlanarReference.inverse(z, u, w, b, s, 1, d, l),
        (k, z, out, l) -> k.flow().planar(z, t[0], t[1], t[2], out, l),
        (k, z, out, l) -> k.flow().planarInverse(z, t[0], t[1], t[2], out, l));
  }

  private static Flow radial(int d, double betaHat) {
    double[] z0 = GradCheck.random(4, d, 1);
    double[] a = {0.3};
    double[] b = {betaHat};
    Tensor[] t = {tensor(z0, 1, d), tensor(a, 1), tensor(b, 1)};
    return new Flow(
        "radial " + betaHat + " d=" + d,
        (z, l) -> RadialReference.forward(z, z0, a, b, 1, d, l),
        (z, l) -> RadialReference.inverse(z, z0, a, b, 1, d, l),
        (k, z, out, l) -> k.flow().radial(z, t[0], t[1], t[2], out, l),
        (k, z, out, l) -> k.flow().radialInverse(z, t[0], t[1], t[2], out, l));
  }

  private static Flow householder(int d) {
    double[] v = GradCheck.random(5, 3 * d, 1);
    Tensor t = tensor(v, 1, 3 * d);
    return new Flow(
        "householder d=" + d,
        (z, l) -> reflected(z, v, d, false),
        (z, l) -> reflected(z, v, d, true),
        (k, z, out, l) -> k.flow().householder(z, t, out),
        (k, z, out, l) -> k.flow().householderInverse(z, t, out));
  }

  private static double[] reflected(double[] z, double[] v, int d, boolean lastFirst) {
    double[] x = z.clone();
    HouseholderReference.reflect(x, v, 3, 1, d, lastFirst);
    return x;
  }

  private static Flow sylvester(int d, int h) {
    double[] v = GradCheck.random(6, h * d, 1);
    double[] r1 = GradCheck.random(7, d * d, 1);
    double[] r2 = GradCheck.random(8, d * d, 1);
    double[] b = GradCheck.random(9, d, 1);
    var p = new SylvesterReference.Parameters(v, r1, r2, b, h, 1, d);
    Tensor[] t = {tensor(v, 1, h * d), tensor(r1, 1, d * d), tensor(r2, 1, d * d), tensor(b, 1, d)};
    return new Flow(
        "sylvester h=" + h + " d=" + d,
        (z, l) -> SylvesterReference.forward(z, p, 1, l),
        (z, l) -> SylvesterReference.inverse(z, p, 1, l),
        (k, z, out, l) -> k.sylvester().sylvester(z, t[0], t[1], t[2], t[3], out, l),
        (k, z, out, l) -> k.sylvester().sylvesterInverse(z, t[0], t[1], t[2], t[3], out, l));
  }

  @ParameterizedTest
  @MethodSource("oneToSix")
  void inverseUndoesTheStep(Flow flow) {
    int d = dimensions(flow);
    for (int seed = 0; seed < 20; seed++) {
      double[] z = GradCheck.random(seed, d, 2);
      double[] logDet = {0.25};
      double[] back = flow.inverse.of(flow.map.of(z, logDet), logDet);
      assertThat(back).containsExactly(z, within(1e-9));
      assertThat(logDet[0]).isCloseTo(0.25, within(1e-9));
    }
  }

  /** In float32, on both backends, 40 rows at once. */
  @ParameterizedTest
  @MethodSource("oneToSix")
  void inverseUndoesTheStepInFloat32(Flow flow) {
    int d = dimensions(flow);
    Tensor z = tensor(GradCheck.random(77, 40 * d, 1.5), 40, d);
    for (Backend k : List.of(Backends.reference(), Backends.simd())) {
      Tensor out = Tensor.zeros(40, d);
      Tensor back = Tensor.zeros(40, d);
      Tensor logDet = Tensor.zeros(40);
      flow.kernel.run(k, z, out, logDet);
      flow.kernelInverse.run(k, out, back, logDet);
      for (int i = 0; i < z.size(); i++) {
        assertThat(back.get(i)).isCloseTo(z.get(i), within(2e-4f));
      }
      for (int r = 0; r < 40; r++) {
        assertThat(logDet.get(r)).isCloseTo(0f, within(1e-3f));
      }
    }
  }

  private static int dimensions(Flow flow) {
    return Integer.parseInt(flow.name.substring(flow.name.lastIndexOf('=') + 1));
  }

  @ParameterizedTest
  @MethodSource("oneToSix")
  void logDetIsThatOfTheJacobian(Flow flow) {
    int d = dimensions(flow);
    for (int seed = 0; seed < 5; seed++) {
      double[] z = GradCheck.random(100 + seed, d, 1);
      double[] logDet = new double[1];
      flow.map.of(z, logDet);
      double det = Math.abs(determinant(z, x -> flow.map.of(x, new double[1])));
      assertThat(logDet[0]).isCloseTo(Math.log(det), within(1e-6));
    }
  }

  /** Of the differences (−f(x+2h) + 8f(x+h) − 8f(x−h) + f(x−2h)) / 12h. */
  private static double determinant(double[] z, UnaryOperator<double[]> f) {
    int d = z.length;
    double[][] jacobian = new double[d][d];
    double h = 1e-3;
    for (int j = 0; j < d; j++) {
      double[][] at = new double[4][];
      double[] steps = {-2 * h, -h, h, 2 * h};
      for (int m = 0; m < 4; m++) {
        double[] moved = z.clone();
        moved[j] += steps[m];
        at[m] = f.apply(moved);
      }
      for (int i = 0; i < d; i++) {
        jacobian[i][j] = (at[0][i] - 8 * at[1][i] + 8 * at[2][i] - at[3][i]) / (12 * h);
      }
    }
    return new LUDecomposition(new Array2DRowRealMatrix(jacobian)).getDeterminant();
  }

  /** The density of z' = f(z), z normal, is that of f⁻¹(z') times the inverse's determinant. */
  @ParameterizedTest
  @MethodSource("planeFlows")
  void densityIntegratesToOne(Flow flow) {
    double step = 0.05;
    double sum = 0;
    for (double x = -14; x < 14; x += step) {
      for (double y = -14; y < 14; y += step) {
        double[] logDet = new double[1];
        double[] z = flow.inverse.of(new double[] {x, y}, logDet);
        sum += Math.exp(logDet[0] - (z[0] * z[0] + z[1] * z[1]) / 2) / (2 * Math.PI);
      }
    }
    assertThat(sum * step * step).isCloseTo(1, within(2e-3));
  }

  /** 10^5 parameters of all sizes, many with wᵀu very negative: still one to one. */
  @Test
  void planarStepsStayInvertible() {
    SplittableRandom random = new SplittableRandom(1);
    int d = 3;
    for (int n = 0; n < 100_000; n++) {
      double[] w = scaled(random, d);
      double[] u = scaled(random, d);
      if (n % 3 == 0) {
        double scale = -Math.pow(10, 4 * random.nextDouble());
        for (int i = 0; i < d; i++) {
          u[i] = scale * w[i];
        }
      }
      if (n % 101 == 0) {
        Arrays.fill(w, 0);
      }
      double[] b = {random.nextGaussian()};
      double[] z = scaled(random, d);
      var step = PlanarReference.step(u, w, b, 0, d);
      double x = FlowReference.dot(w, 0, z, 0, d) + b[0];
      assertThat(step.det(Math.tanh(x))).isPositive();
      double[] logDet = new double[1];
      double[] out = PlanarReference.forward(z, u, w, b, 1, 1, d, logDet)[1];
      double[] back = PlanarReference.inverse(out, u, w, b, 1, 1, d, null);
      double[] again = PlanarReference.forward(back, u, w, b, 1, 1, d, null)[1];
      double size = 1 + Math.abs(FlowTerms.norm(out, 0, d)) + FlowTerms.norm(step.uHat(), 0, d);
      assertThat(logDet[0]).isFinite();
      assertThat(again).containsExactly(out, within(1e-9 * size * (1 + FlowTerms.norm(w, 0, d))));
    }
  }

  private static double[] scaled(SplittableRandom random, int d) {
    double scale = Math.pow(10, 6 * random.nextDouble() - 3);
    double[] x = new double[d];
    for (int i = 0; i < d; i++) {
      x[i] = scale * random.nextGaussian();
    }
    return x;
  }

  @Test
  void radialStepsStayInvertible() {
    SplittableRandom random = new SplittableRandom(2);
    int d = 3;
    for (int n = 0; n < 100_000; n++) {
      double[] z0 = scaled(random, d);
      double[] z = scaled(random, d);
      double[] a = {30 * random.nextGaussian()};
      double[] b = {30 * random.nextGaussian()};
      double[] logDet = new double[1];
      double[] out = RadialReference.forward(z, z0, a, b, 1, d, logDet);
      double[] back = RadialReference.inverse(out, z0, a, b, 1, d, logDet);
      double[] again = RadialReference.forward(back, z0, a, b, 1, d, null);
      double size = 1 + FlowTerms.norm(out, 0, d) + FlowTerms.norm(z0, 0, d);
      assertThat(logDet[0]).isFinite();
      assertThat(again).containsExactly(out, within(1e-9 * size));
      // farther from the centre before is farther after
      double[] farther = z.clone();
      for (int i = 0; i < d; i++) {
        farther[i] += 0.5 * (z[i] - z0[i]);
      }
      double[] moved = RadialReference.forward(farther, z0, a, b, 1, d, null);
      assertThat(distance(moved, z0)).isGreaterThan(distance(out, z0));
    }
  }

  private static double distance(double[] x, double[] y) {
    return Math.sqrt(
        Math.pow(x[0] - y[0], 2) + Math.pow(x[1] - y[1], 2) + Math.pow(x[2] - y[2], 2));
  }

  @Test
  void aPlanarStepWithoutWeightsIsATranslation() {
    for (Backend k : List.of(Backends.reference(), Backends.simd())) {
      Tensor z = tensor(new double[] {1, 2, 3, 4}, 2, 2);
      Tensor u = tensor(new double[] {0.5, -1}, 1, 2);
      Tensor out = Tensor.zeros(2, 2);
      Tensor logDet = tensor(new double[] {7, 8}, 2);
      k.flow().planar(z, u, Tensor.zeros(1, 2), tensor(new double[] {0.3}, 1), out, logDet);
      float t = (float) Math.tanh(0.3);
      float[] wanted = {1 + 0.5f * t, 2 - t, 3 + 0.5f * t, 4 - t};
      assertThat(out.toArray()).containsExactly(wanted, within(1e-6f));
      assertThat(logDet.toArray()).containsExactly(new float[] {7, 8}, within(1e-6f));
    }
  }

  @Test
  void stepsMayBeInPlace() {
    for (Flow flow : flows(5)) {
      Tensor z = tensor(GradCheck.random(9, 35, 1), 7, 5);
      Tensor out = Tensor.zeros(7, 5);
      Tensor logDet = Tensor.zeros(7);
      flow.kernel.run(Backends.simd(), z, out, logDet);
      flow.kernel.run(Backends.simd(), z, z, logDet);
      assertThat(z.toArray()).containsExactly(out.toArray());
    }
  }
}
