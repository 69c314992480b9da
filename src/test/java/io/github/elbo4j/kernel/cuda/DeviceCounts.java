package io.github.elbo4j.kernel.cuda;

/** What is open on devices, for tests of other packages. */
public final class DeviceCounts {
  private DeviceCounts() {}

  /** Graphs that are not closed. */
  public static int graphs() {
    return CudaGraph.graphs();
  }

  /** Blocks of pinned memory that are not closed. */
  public static int pinned() {
    return PinnedMemory.blocks();
  }

  /** Blocks of the first device that somebody owns. */
  public static int blocks() {
    return Cuda.open(0).memory().blocks();
  }
}
