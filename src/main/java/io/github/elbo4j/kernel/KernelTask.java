package io.github.elbo4j.kernel;

/**
 * One kernel's work on arguments that it holds while it runs. Each thread keeps its tasks, so that
 * a call allocates nothing; what they must not keep is the caller's memory.
 */
public abstract class KernelTask implements Parallel.Task {
  /** {@link Parallel#run}, then {@link #forget}, whatever happens. */
  protected final void fork(int blocks, long work) {
    try {
      Parallel.run(this, blocks, work);
    } finally {
      forget();
    }
  }

  /** Lets go of every argument. */
  protected abstract void forget();
}
