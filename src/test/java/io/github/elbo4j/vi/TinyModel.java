package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.testkit.TapeCheck;
import io.github.elbo4j.vi.objective.Objectives;
import java.util.ArrayList;
import java.util.List;

/** One step of a tiny model under an objective by name, and its formula in double. */
final class TinyModel {
  static final int ROWS = 6;
  static final int DATA = 5;
  static final int LATENT = 3;

  /** Size of the data set that the mini-batch stands for. */
  static final int EXAMPLES = 40;

  static final Vae.Spec SPEC =
      new Vae.Spec(
          DATA,
          List.of(4),
          LATENT,
          Activation.TANH,
          LikelihoodSpec.parse("bernoulli"),
          new LogVarBounds(-10, 10));

  final Parameters parameters;
  final Tensor x;
  final NoiseKey noise = new NoiseKey(8, 2).at(5);
  final Tape tape;
  final Pass pass;
  final Var loss;

  /** Does the step, {@code step} after the first. */
  TinyModel(Backend backend, String objective, String estimator, Annealing annealing, long step) {
    x = data(1);
    ObjectiveSpec spec = Objectives.parse(objective, estimator, annealing, 0);
    Parameters.Builder builder = Parameters.builder();
    SPEC.declare(builder, null);
    spec.declare(builder, SPEC);
    parameters = builder.build(3);
    scatter(parameters);
    Objective built = spec.build(parameters, SPEC, EXAMPLES);
    tape = new Tape(backend);
    pass = new Pass(new Vae(SPEC, parameters));
    loss = pass.loss(tape, Observed.of(x), noise, built, step);
    tape.backward(loss);
  }

  /** The data, each row as often as there are samples. */
  static Tensor data(int samples) {
    Tensor once = Tensor.zeros(ROWS, DATA);
    Backends.reference().random().uniform(new NoiseKey(8, 1), 0, once);
    Tensor x = Tensor.zeros(ROWS * samples, DATA);
    for (int i = 0; i < x.size(); i++) {
      x.array()[i] = once.get(i / DATA / samples * DATA + i % DATA);
    }
    return x;
  }

  /** The formula of the model, whose noise is that of the step. */
  DoubleVae formula(int samples) {
    Tensor eps = Tensor.zeros(ROWS * samples, LATENT);
    Backends.reference().random().normal(noise, 0, eps);
    return new DoubleVae(SPEC, Doubles.read(data(samples)), Doubles.read(eps));
  }

  /** Values of the parameters of the model, and then of the objective. */
  List<Tensor> values() {
    List<Tensor> values = new ArrayList<>();
    parameters.forEach(p -> values.add(p.value()));
    return values;
  }

  List<Tensor> gradients() {
    List<Tensor> gradients = new ArrayList<>();
    parameters.forEach(p -> gradients.add(p.gradient()));
    return gradients;
  }

  /** How many parameters are the model's own. */
  int own() {
    int own = 0;
    for (Parameters.Parameter p : parameters) {
      own += p.name().startsWith("objective.") ? 0 : 1;
    }
    return own;
  }

  /** Gradients of the parameters whose name starts so. */
  List<float[]> gradients(String... prefixes) {
    List<float[]> gradients = new ArrayList<>();
    for (Parameters.Parameter p : parameters) {
      for (String prefix : prefixes) {
        if (p.name().startsWith(prefix)) {
          gradients.add(p.gradient().toArray());
        }
      }
    }
    return gradients;
  }

  /** Biases start at 0, which would hide mistakes. */
  private static void scatter(Parameters parameters) {
    int seed = 100;
    for (Parameters.Parameter p : parameters) {
      boolean model = !p.name().startsWith("objective.");
      Tensor noise =
          TapeCheck.normal(seed++, model ? 0.5 : 0.02, p.value().rows(), p.value().columns());
      for (int i = 0; i < noise.size(); i++) {
        p.value().array()[p.value().offset() + i] += noise.get(i);
      }
    }
  }
}
