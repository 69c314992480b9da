package io.github.elbo4j.train;

import io.github.elbo4j.kernel.memory.MemoryKernels;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.Vae;
import org.jspecify.annotations.Nullable;

/**
 * A VAE with its parameters and the size of the pictures it models.
 *
 * @param vae the model
 * @param parameters its parameters, and those of networks that training alone needs
 * @param height rows of a picture
 * @param width columns of a picture
 * @param levels whole numbers that the likelihood counts pixels in, or 0; see {@link
 *     io.github.elbo4j.vi.LikelihoodSpec#levels}
 */
public record Model(Vae vae, Parameters parameters, int height, int width, int levels) {
  /** Pixels between two pictures of a grid. */
  private static final int MARGIN = 2;

  /**
   * A new model.
   *
   * @param pixelMeans mean of each pixel of the training data in [0,1], or null when parameters
   *     will be loaded
   * @param seed of the initial values
   * @param memory where its parameters are
   * @throws ConfigException when its parts do not go together
   */
  static Model create(
      Composition composition,
      int height,
      int width,
      double @Nullable [] pixelMeans,
      long seed,
      MemoryKernels memory) {
    Vae.Spec spec = composition.spec();
    try {
      Parameters.Builder builder = Parameters.builder();
      spec.declare(builder, pixelMeans);
      composition.objective().declare(builder, spec);
      Parameters parameters = builder.build(seed, memory);
      int levels = spec.likelihood().levels();
      return new Model(new Vae(spec, parameters), parameters, height, width, levels);
    } catch (IllegalArgumentException e) { // parts that do not go together
      throw Composition.refused(e);
    }
  }

  /** An empty mini-batch for this model, which sees it in the memory where its parameters are. */
  Batch batch(int rows) {
    return new Batch(rows, vae.data(), vae.condition(), levels, parameters::allocate);
  }

  /** A grid of this model's pictures, small ones enlarged. */
  ImageGrid grid(int columns) {
    return new ImageGrid(height, width, columns, MARGIN, Math.max(1, 56 / Math.max(height, width)));
  }

  /** The first parameter that is not finite, in the order of the model, or null. */
  @Nullable String nonFiniteParameter() {
    for (Parameters.Parameter p : parameters) {
      if (!Sums.finite(p.value())) {
        return "parameter " + p.name();
      }
    }
    return null;
  }
}
