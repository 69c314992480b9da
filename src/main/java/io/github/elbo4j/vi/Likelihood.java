package io.github.elbo4j.vi;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.tensor.Tensor;

/**
 * The distribution p(x|z), read off the decoder's last hidden layer. R = B·K rows, N data
 * dimensions.
 */
public interface Likelihood {
  /**
   * log p(x|z) of each row, in nats.
   *
   * @param h the decoder's output, [R,H]
   * @param x data, [B,N]
   * @return [R]
   */
  Var logLik(Tape tape, Var h, Tensor x);

  /** E[x|z], [R,N]: the picture that a latent stands for. */
  Var mean(Tape tape, Var h);
}
