package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.Tensor;

/** {@link io.github.elbo4j.kernel.random.RandomKernels} on the tape. */
public final class RandomOps {
  private RandomOps() {}

  /**
   * x with each element dropped with probability p, else multiplied by 1/(1 − p).
   *
   * @param noise names what is dropped; its step of now is the one that the backward pass draws
   *     from
   */
  public static Var dropout(Tape tape, Var x, float p, NoiseKey noise) {
    DropoutNode n = tape.next(DropoutNode.class, DropoutNode::new);
    n.x = x;
    n.p = p;
    n.noise = noise;
    n.step = noise.step();
    Tensor y = tape.open(n.y, x.needsGradient(), x.value().rows(), x.value().columns());
    tape.backend().random().dropout(x.value(), p, noise, y);
    return n.y;
  }

  private static final class DropoutNode extends Node {
    private Var x = new Var();
    private float p;
    private NoiseKey noise = new NoiseKey(0, 0);
    private int step;
    private final Var y = new Var();

    @Override
    protected boolean reached() {
      return y.needsGradient() && !y.untouched();
    }

    /** With the step of the forward pass, wherever the key has moved since. */
    @Override
    protected void backward(Backend kernels) {
      Tensor dY = y.gradient();
      Tensor dX = x.gradient();
      if (dY == null || dX == null) {
        return;
      }
      int now = noise.step();
      kernels.random().dropoutBackward(dY, p, noise.at(step), dX);
      noise.at(now);
    }
  }
}
