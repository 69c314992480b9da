package io.github.elbo4j.kernel.optim;

import io.github.elbo4j.kernel.Checks;
import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The optimiser's kernels over flat buffers: all parameters of a model lie side by side in one
 * tensor, their gradients in another, and a step is a single sweep. NaN in gives NaN out.
 */
public abstract class OptimKernels {
  /**
   * One step of Adam (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (AdamW,
   * Loshchilov and Hutter 2019, algorithm 2), t being {@link AdamStep#step}:
   *
   * <pre>
   * g      = gradScale·grad
   * m      = β1·m + (1 − β1)·g
   * v      = β2·v + (1 − β2)·g²
   * param −= lr·( m/(1 − β1^t) / ( √( v/(1 − β2^t) ) + ε ) ) + lr·weightDecay·param
   * grad   = 0
   * </pre>
   *
   * The gradient is set to zero on the way, ready to be accumulated into again: that saves a pass
   * over memory. The term with the weight decay is there for the first {@link AdamStep#decayed}
   * elements only, so that a buffer with its weights in front and its biases behind is still one
   * sweep. A backend may take a moment that is subnormal in float32 (below 1.2e-38) for 0.
   *
   * @param param read and written, P elements
   * @param grad read, then set to zero, P elements
   * @param m first moments, read and written, P elements; 0 before the first step
   * @param v second moments, &gt;= 0, read and written, P elements; 0 before the first step, or
   *     what else the caller starts them at
   * @param gradScale read, one element, usually of {@link #clipScale}; null counts as 1
   */
  public final void adam(
      Tensor param, Tensor grad, Tensor m, Tensor v, @Nullable Tensor gradScale, AdamStep step) {
    adam(param, grad, m, v, gradScale, null, step);
  }

  /**
   * The same unless {@code guard}, the loss of the step say, is infinite or NaN: then the gradient
   * is set to zero and nothing else changes. So a device need not wait for the host to look at it.
   *
   * @param guard read, one element; null counts as finite
   */
  public final void adam(
      Tensor param,
      Tensor grad,
      Tensor m,
      Tensor v,
      @Nullable Tensor gradScale,
      @Nullable Tensor guard,
      AdamStep step) {
    String method = "adam";
    int size = param.size();
    Checks.length(method, "grad", grad, size);
    Checks.length(method, "m", m, size);
    Checks.length(method, "v", v, size);
    Checks.length(method, "gradScale", gradScale, 1);
    Checks.distinct(method, "param", param, "grad", grad);
    Checks.distinct(method, "param", param, "m", m);
    Checks.distinct(method, "param", param, "v", v);
    Checks.distinct(method, "grad", grad, "m", m);
    Checks.distinct(method, "grad", grad, "v", v);
    Checks.distinct(method, "m", m, "v", v);
    Checks.distinct(method, "param", param, "gradScale", gradScale);
    Checks.distinct(method, "grad", grad, "gradScale", gradScale);
    Checks.distinct(method, "m", m, "gradScale", gradScale);
    Checks.distinct(method, "v", v, "gradScale", gradScale);
    Checks.length(method, "guard", guard, 1);
    Checks.distinct(method, "param", param, "guard", guard);
    Checks.distinct(method, "grad", grad, "guard", guard);
    Checks.distinct(method, "m", m, "guard", guard);
    Checks.distinct(method, "v", v, "guard", guard);
    doAdam(param, grad, m, v, gradScale, guard, step);
  }

  /**
   * {@code out = Σ x²}, +∞ beyond float32.
   *
   * @param x read, any shape
   * @param out written, one element
   */
  public final void squaredNorm(Tensor x, Tensor out) {
    Checks.length("squaredNorm", "out", out, 1);
    Checks.distinct("squaredNorm", "out", out, "x", x);
    doSquaredNorm(x, out);
  }

  /**
   * The factor that clips a gradient to a global norm (Pascanu et al. 2013, algorithm 1): {@code
   * scale = min( 1, maxNorm/√squaredNorm )}. It is 1 for a norm of 0, 0 for an infinite norm, and
   * NaN for NaN. It stays in a tensor so that a device never waits for the host.
   *
   * @param squaredNorm read, one element, &gt;= 0
   * @param maxNorm finite, &gt; 0; {@link Float#MAX_VALUE} never clips
   * @param scale written, one element; may be {@code squaredNorm} itself
   */
  public final void clipScale(Tensor squaredNorm, float maxNorm, Tensor scale) {
    Checks.length("clipScale", "squaredNorm", squaredNorm, 1);
    Checks.length("clipScale", "scale", scale, 1);
    if (!(maxNorm > 0 && maxNorm <= Float.MAX_VALUE)) {
      throw Checks.fail("clipScale", "maxNorm " + maxNorm + " must be finite and > 0");
    }
    doClipScale(squaredNorm, maxNorm, scale);
  }

  /**
   * Exponential average of the iterates (Polyak and Juditsky 1992 take the plain mean): {@code
   * average = decay·average + (1 − decay)·param}. For {@code decay >= ½} an average that equals the
   * parameter stays equal to the bit.
   *
   * @param average read and written, P elements
   * @param param read, P elements
   * @param decay in [0,1]
   */
  public final void polyak(Tensor average, Tensor param, float decay) {
    polyak(average, param, decay, null);
  }

  /**
   * The same unless {@code guard} is infinite or NaN: then the average stays.
   *
   * @param guard read, one element; null counts as finite
   */
  public final void polyak(Tensor average, Tensor param, float decay, @Nullable Tensor guard) {
    Checks.length("polyak", "average", average, param.size());
    Checks.distinct("polyak", "average", average, "param", param);
    if (!(decay >= 0 && decay <= 1)) {
      throw Checks.fail("polyak", "decay " + decay + " must be in [0,1]");
    }
    Checks.length("polyak", "guard", guard, 1);
    Checks.distinct("polyak", "average", average, "guard", guard);
    doPolyak(average, param, decay, guard);
  }

  protected abstract void doAdam(
      Tensor param,
      Tensor grad,
      Tensor m,
      Tensor v,
      @Nullable Tensor gradScale,
      @Nullable Tensor guard,
      AdamStep step);

  protected abstract void doSquaredNorm(Tensor x, Tensor out);

  protected abstract void doClipScale(Tensor squaredNorm, float maxNorm, Tensor scale);

  protected abstract void doPolyak(
      Tensor average, Tensor param, float decay, @Nullable Tensor guard);

  /** Whether a guard of the host lets a step happen. */
  static boolean finite(@Nullable Tensor guard) {
    return guard == null || Float.isFinite(guard.get(0));
  }
}
