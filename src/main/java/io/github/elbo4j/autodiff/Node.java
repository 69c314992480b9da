package io.github.elbo4j.autodiff;

import io.github.elbo4j.kernel.Backend;

/**
 * One fused operation on the tape. A node object is kept by the tape and used again by the
 * operation at the same place of the next step, so a step allocates no nodes: a subclass has fields
 * that the operation sets anew each time.
 */
public abstract class Node {
  /**
   * True when a gradient arrived at one of the outputs; otherwise {@link #backward} is not called.
   */
  protected abstract boolean reached();

  /** Calls the backward kernel, which adds to the gradients of the inputs. */
  protected abstract void backward(Backend kernels);
}
