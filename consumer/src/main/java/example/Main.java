package example;

import io.github.elbo4j.autodiff.DenseOps;
import io.github.elbo4j.autodiff.GaussianOps;
import io.github.elbo4j.autodiff.ReduceOps;
import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.tensor.Tensor;
import java.util.Arrays;

/** A program that links elbo4j: kernels on its own arrays, then the tape on a toy model. */
public final class Main {
  private Main() {}

  /** Runs both parts; fails with an exception. */
  public static void main(String[] args) {
    Backend backend = Backends.get();
    System.out.println("backend " + backend.name());
    kernels(backend);
    tape(backend);
  }

  /** Two data points of a three-dimensional posterior, in the middle of the program's own arrays. */
  private static void kernels(Backend backend) {
    float[] network = {9, 9, /* mu */ 0, 1, -1, 0.5f, 0, 2, /* logVar */ 0, 0, 0, -1, -1, -1};
    float[] results = new float[100];
    Tensor mu = Tensor.of(network, 2, 2, 3); // from element 2 on, shape [2,3]: a view, no copy
    Tensor logVar = Tensor.of(network, 8, 2, 3);
    Tensor z = Tensor.of(results, 10, 2, 3);
    Tensor kl = Tensor.of(results, 40, 2);
    NoiseKey noise = new NoiseKey(42, 0); // seed, stream: the same draws on every backend
    backend.gaussian().reparameterize(mu, logVar, noise, z, kl, null, null, null);
    System.out.println("z  " + Arrays.toString(z.toArray()));
    System.out.println("kl " + Arrays.toString(kl.toArray()));
    double wanted = 0.5 * (0 + 1 + 1); // logVar = 0: KL = ½·|mu|²
    if (Math.abs(kl.get(0) - wanted) > 1e-6) {
      throw new IllegalStateException("kl " + kl.get(0) + ", the formula says " + wanted);
    }
  }

  /** The toy model's gradient on the tape, against central differences. */
  private static void tape(Backend backend) {
    Tensor x = Tensor.of(new float[] {1, 2, -1, 0.5f}, 0, 2, 2);
    Tensor w = Tensor.of(new float[] {0.1f, -0.2f, 0.3f, 0.4f, 0.5f, -0.6f}, 0, 2, 3);
    Tensor gradient = Tensor.zeros(2, 3);
    float loss = loss(backend, x, w, gradient, true);
    System.out.println("loss " + loss + ", gradient " + Arrays.toString(gradient.toArray()));

    float h = 1e-2f; // a central difference along each weight
    for (int i = 0; i < w.size(); i++) {
      float old = w.array()[i];
      w.array()[i] = old + h;
      float up = loss(backend, x, w, gradient, false);
      w.array()[i] = old - h;
      float down = loss(backend, x, w, gradient, false);
      w.array()[i] = old;
      double numeric = (up - down) / (2.0 * h);
      if (Math.abs(numeric - gradient.get(i)) > 1e-2 * Math.max(1, Math.abs(numeric))) {
        throw new IllegalStateException(
            "gradient " + i + " is " + gradient.get(i) + ", numerically " + numeric);
      }
    }
    System.out.println("gradient check passed");
  }

  /** A toy model: mu = tanh(x·W), logVar = x·W, a sample of each, and a loss on the tape. */
  private static float loss(
      Backend backend, Tensor x, Tensor w, Tensor gradient, boolean backward) {
    Tape tape = new Tape(backend);
    Var weight = Var.parameter(w, gradient);
    Var mu = DenseOps.dense(tape, Var.constant(x), weight, null, Activation.TANH);
    Var logVar = DenseOps.dense(tape, Var.constant(x), weight, null, Activation.NONE);
    GaussianOps.Sample sample =
        GaussianOps.reparameterize(
            tape, mu, logVar, new NoiseKey(7, 0), 1, GaussianOps.Want.KL);
    Var loss = ReduceOps.weightedSum(tape, sample.z(), 1f, sample.kl(), 0.5f);
    if (backward) {
      tape.backward(loss);
    }
    return loss.value().get(0);
  }
}
