package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;

/**
 * The distribution p(x|z), read off the decoder's last hidden layer. R = B·K rows, N data
 * dimensions.
 */
public interface Likelihood {
  /**
   * log p(x|z) of each row, in nats.
   *
   * @param h the decoder's output, [R,H]
   * @param data B data points, R a multiple of B
   * @return [R]
   */
  Var logLik(Tape tape, Var h, Observed data);

  /** E[x|z], [R,N]: the picture that a latent stands for. */
  Var mean(Tape tape, Var h);
}
