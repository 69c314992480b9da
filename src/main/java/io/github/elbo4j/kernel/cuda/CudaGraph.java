package io.github.elbo4j.kernel.cuda;

import java.util.concurrent.atomic.AtomicInteger;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** What was launched on a stream, ready to be launched again at once. */
final class CudaGraph implements AutoCloseable {
  /**
   * CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: this thread may not do what has no place in a graph,
   * others may allocate.
   */
  private static final int THREAD_LOCAL = 1;

  private static final AtomicInteger GRAPHS = new AtomicInteger();

  private final CUgraphExec graph;

  private CudaGraph(CUgraphExec graph) {
    this.graph = graph;
    GRAPHS.incrementAndGet();
  }

  /** Graphs that are not closed. */
  static int graphs() {
    return GRAPHS.get();
  }

  /** From now on launches on the stream are written down and not done. */
  static void begin(CUstream stream) {
    CudaException.check(
        JCudaDriver.cuStreamBeginCapture(stream, THREAD_LOCAL), "cuStreamBeginCapture");
  }

  /** What was written down since {@link #begin}; launches are done again from now on. */
  static CudaGraph end(CUstream stream) {
    CUgraph written = new CUgraph();
    CudaException.check(JCudaDriver.cuStreamEndCapture(stream, written), "cuStreamEndCapture");
    CUgraphExec graph = new CUgraphExec();
    int code = JCudaDriver.cuGraphInstantiate(graph, written, 0);
    CudaException.check(JCudaDriver.cuGraphDestroy(written), "cuGraphDestroy");
    CudaException.check(code, "cuGraphInstantiate");
    return new CudaGraph(graph);
  }

  /** Forgets what was written down since {@link #begin}, however little the driver took. */
  static void abandon(CUstream stream) {
    CUgraph written = new CUgraph();
    int code = JCudaDriver.cuStreamEndCapture(stream, written);
    if (code == 0) {
      CudaException.check(JCudaDriver.cuGraphDestroy(written), "cuGraphDestroy");
    }
  }

  void launch(CUstream stream) {
    CudaException.check(JCudaDriver.cuGraphLaunch(graph, stream), "cuGraphLaunch");
  }

  /** Destroys it; it may not be running. */
  @Override
  public void close() {
    CudaException.check(JCudaDriver.cuGraphExecDestroy(graph), "cuGraphExecDestroy");
    GRAPHS.decrementAndGet();
  }
}
