package io.github.elbo4j.kernel;

import io.github.elbo4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Work that a device does again and again, such as the step of a training: its kernels are launched
 * one by one at first, then captured, and from then on all of them are one launch. A backend whose
 * kernels run at once has none ({@link io.github.elbo4j.kernel.memory.MemoryKernels#replay}).
 *
 * <pre>{@code
 * Replay replay = backend.memory().replay(1);
 * noise.at(step);                                  // what changes from step to step: before the start
 * replay.start(rows, step, () -> { …; backend.memory().copy(loss, replay.results()); });
 * …                                                // the host is free meanwhile
 * replay.finish();
 * float loss = replay.result(0);
 * }</pre>
 *
 * <p>Either way the device computes the same bits. What may change from one start to the next:
 *
 * <ul>
 *   <li>the content of memory on the device;
 *   <li>the content of arrays of the host that the kernels read, as it is when the work is started:
 *       it is copied to the device then, all at once;
 *   <li>the {@link NoiseKey#step} of noise, where it equals the {@code clock} of the start.
 * </ul>
 *
 * Whatever else a kernel is given (addresses, sizes, numbers) must be the same in each start of a
 * form. Where two starts in a row show that it is not, where the work reads elements back on the
 * host or writes tensors of it, the work stays a launch a kernel: {@link #whyNot} says why. What
 * changes more rarely is not noticed, which is why numbers of a schedule belong in a tensor.
 *
 * <p>Owns memory of the device and of the host until it is closed. For one thread at a time.
 */
public interface Replay extends AutoCloseable {
  /** Numbers that kernels of the work leave for the host, on the device. */
  Tensor results();

  /**
   * Has the device do the work, and does not wait for it.
   *
   * @param form of what there is one work each: the rows of a batch, say
   * @param clock step of the noise that moves with the starts
   * @param work launches kernels; may be called twice in one start, or not at all
   */
  void start(int form, int clock, Runnable work);

  /**
   * Waits until the device has done what was started.
   *
   * @throws IllegalArgumentException when a kernel met data that it refuses: elsewhere the method
   *     that was called with them would have thrown it
   */
  void finish();

  /** Element of {@link #results} after {@link #finish}. */
  float result(int index);

  /** Whether the last start was a single launch. */
  boolean replayed();

  /**
   * Why what was started last is not becoming a single launch, or null where it is one, may be one
   * soon, or was not to be one.
   */
  @Nullable String whyNot();

  /**
   * Whether work is to be captured; true at first unless {@code -Delbo4j.cuda.graphs=false}. What
   * was captured before is given up where not.
   */
  void capture(boolean wanted);

  /** Gives back what it owns; a later start begins anew. */
  @Override
  void close();
}
