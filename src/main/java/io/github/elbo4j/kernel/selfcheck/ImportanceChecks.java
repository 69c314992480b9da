package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.D;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.importance.BoundStream;
import io.github.elbo4j.tensor.Tensor;

/** Checks of importance weights. */
final class ImportanceChecks {
  private static final int SAMPLES = 50;

  private ImportanceChecks() {}

  static void addTo(Comparison c) {
    for (float alpha : new float[] {0, 0.9f, 1, -2, Float.NEGATIVE_INFINITY}) {
      c.check("importance.bound alpha " + alpha, (k, a) -> bound(k, a, alpha));
    }
    c.check("importance.push", ImportanceChecks::stream);
    c.check("importance.tailIndex", ImportanceChecks::tailIndex);
  }

  private static void bound(Backend k, Arguments a, float alpha) {
    Tensor logW = a.normal(B, SAMPLES);
    Tensor weights = a.out(B, SAMPLES);
    k.importance().bound(logW, alpha, a.out(B), weights, a.out(B));
    k.importance().boundBackward(weights, a.normal(B), a.out(B, SAMPLES));
    Tensor g = a.normal(B * SAMPLES, D);
    k.importance().doublyReparameterizedBackward(weights, alpha, g, a.out(B * SAMPLES, D));
  }

  private static void stream(Backend k, Arguments a) {
    BoundStream stream = new BoundStream(B, 0);
    k.importance().push(stream, a.normal(B, 301));
    k.importance().push(stream, a.normal(B, 17));
    k.importance().finish(stream, a.out(B), a.out(B));
  }

  private static void tailIndex(Backend k, Arguments a) {
    k.importance().tailIndex(a.normal(B, 301), a.out(B), a.out(B, 301));
  }
}
