package io.github.elbo4j.bench.step;

import io.github.elbo4j.data.DataSource;
import io.github.elbo4j.data.Images;
import java.io.IOException;

/** What both contenders train: 784–400–20 ReLU, Bernoulli on grey pixels, Adam 1e-3, batch 128. */
final class ClassicVae {
  static final int PIXELS = 784;
  static final int HIDDEN = 400;
  static final int LATENT = 20;
  static final int BATCH = 128;
  static final double LEARNING_RATE = 1e-3;
  static final long SEED = 1;

  /** Full batches in an epoch, so that every step does the same work. */
  static final int BATCHES = 31;

  private ClassicVae() {}

  /** The first {@code BATCHES·BATCH} of the embedded images. */
  static Images data() throws IOException {
    return DataSource.load(DataSource.EMBEDDED).train().slice(0, BATCHES * BATCH);
  }
}
