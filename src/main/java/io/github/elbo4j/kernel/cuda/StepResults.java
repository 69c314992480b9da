package io.github.elbo4j.kernel.cuda;

import io.github.elbo4j.tensor.DeviceStorage;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** What a piece of work leaves for the host: numbers, and behind them what its checks found. */
final class StepResults implements AutoCloseable {
  static final int MOST_STATUSES = 32;

  private final Cuda cuda;
  private final Tensor numbers;
  private final long device;
  private final int count;
  private final long bytes;
  private final PinnedMemory host;

  StepResults(Cuda cuda, int count) {
    this.cuda = cuda;
    this.count = count;
    bytes = 4L * (count + MOST_STATUSES);
    device = cuda.memory().take(bytes);
    numbers = Tensor.of(new DeviceStorage(device, cuda), Shape.of(count));
    host = new PinnedMemory(bytes);
  }

  /** The numbers on the device. */
  Tensor numbers() {
    return numbers;
  }

  /** Device address of what check {@code index} finds. */
  long status(int index) {
    return device + 4L * (count + index);
  }

  /** Queues the copy to the host. */
  void download(CUstream stream) {
    CudaException.check(
        JCudaDriver.cuMemcpyDtoHAsync(host.pointer(), DeviceMemory.at(device), bytes, stream),
        "cuMemcpyDtoHAsync");
  }

  /** A number, once the copy is done. */
  float number(int index) {
    java.util.Objects.checkIndex(index, count);
    return host.bytes().get(ValueLayout.JAVA_FLOAT, 4L * index);
  }

  /** What check {@code index} found, once the copy is done. */
  int statusValue(int index) {
    return host.bytes().get(ValueLayout.JAVA_INT, 4L * (count + index));
  }

  @Override
  public void close() {
    host.close();
    cuda.memory().release(device);
  }
}
