package io.github.elbo4j.bench.step;

import io.github.elbo4j.data.Batches;
import io.github.elbo4j.data.Images;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.Parallel;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Adam;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.train.Model;
import io.github.elbo4j.train.RunConfig;
import io.github.elbo4j.train.TrainingStep;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Vae;
import java.io.IOException;
import java.util.List;

/**
 * The trainer's own step, with everything it does each step: gathering a shuffled batch of bytes,
 * scaling it, noise, forward, backward, the check for non-finite losses, Adam.
 */
public final class ElboStep {
  private ElboStep() {}

  /**
   * Measures in this process.
   *
   * @param args number of threads
   */
  public static void main(String[] args) throws IOException {
    Parallel.setThreads(Integer.parseInt(args[0]));
    TrainingStep step = step(ClassicVae.data());
    StepTimer.report(index -> step.run(index, "none"));
  }

  private static TrainingStep step(Images data) {
    Vae.Spec spec =
        new Vae.Spec(
            ClassicVae.PIXELS,
            List.of(ClassicVae.HIDDEN),
            ClassicVae.LATENT,
            Activation.RELU,
            LikelihoodSpec.parse("bernoulli"),
            new LogVarBounds(
                (float) RunConfig.DEFAULTS.logVarMin(), (float) RunConfig.DEFAULTS.logVarMax()));
    // Without pixel means the output bias starts at 0, and the untrained losses are comparable.
    Parameters parameters = spec.parameters(ClassicVae.SEED, null);
    return new TrainingStep(
        new Model(new Vae(spec, parameters), parameters, data.height(), data.width(), 0),
        Backends.simd(),
        Elbo.PLAIN,
        Adam.builder(parameters).learningRate(ClassicVae.LEARNING_RATE).build(),
        new Batches(data, ClassicVae.BATCH, ClassicVae.SEED),
        ClassicVae.BATCH,
        ClassicVae.SEED,
        false);
  }
}
