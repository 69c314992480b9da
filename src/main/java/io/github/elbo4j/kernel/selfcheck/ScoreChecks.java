package io.github.elbo4j.kernel.selfcheck;

import static io.github.elbo4j.kernel.selfcheck.Arguments.B;
import static io.github.elbo4j.kernel.selfcheck.Arguments.D;
import static io.github.elbo4j.kernel.selfcheck.Arguments.K;
import static io.github.elbo4j.kernel.selfcheck.Arguments.N;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.tensor.Tensor;

/** Checks of score-function pieces and codebooks. */
final class ScoreChecks {
  private ScoreChecks() {}

  static void addTo(Comparison c) {
    c.check("score.gaussianLogProb", ScoreChecks::gaussian);
    c.check("score.bernoulliLogProb", ScoreChecks::bernoulli);
    c.check("score signals", ScoreChecks::signals);
    c.check("codebook", ScoreChecks::codebook);
  }

  private static void gaussian(Backend k, Arguments a) {
    Tensor z = a.normal(B * K, D);
    Tensor mu = a.normal(B, D);
    Tensor logVar = a.normal(B, D);
    k.score().gaussianLogProb(z, mu, logVar, a.out(B * K));
    k.score()
        .gaussianLogProbBackward(
            z, mu, logVar, a.normal(B * K), a.out(B * K, D), a.out(B, D), a.out(B, D));
  }

  private static void bernoulli(Backend k, Arguments a) {
    Tensor x = Tensor.zeros(B * K, N);
    Tensor logits = a.normal(B, N);
    k.score().bernoulliLogProb(x, logits, a.out(B * K));
    k.score().bernoulliLogProbBackward(x, logits, a.positive(B * K), a.out(B, N));
  }

  private static void signals(Backend k, Arguments a) {
    Tensor f = a.normal(B, N);
    k.score().leaveOneOut(f, a.out(B, N));
    k.score().vimco(f, a.out(B), a.out(B, N));
    k.score().controlVariate(f, a.positive(B, N), a.out(B), a.out(B, N));
  }

  private static void codebook(Backend k, Arguments a) {
    Tensor z = a.normal(B, D);
    Tensor entries = a.compared(a.normal(N, D));
    int[] index = new int[B];
    k.codebook().nearest(z, entries, index, a.out(B));
    Tensor counts = a.out(N);
    Tensor sums = a.out(N, D);
    k.codebook().lookup(entries, index, a.out(B, D));
    k.codebook().lookupBackward(index, z, a.out(N, D));
    k.codebook().usage(index, z, counts, sums);
    Tensor averageCounts = a.compared(a.positive(N));
    k.codebook().movingAverage(counts, sums, 0.5f, 1, averageCounts, a.out(N, D), entries);
  }
}
