package io.github.elbo4j.kernel.memory;

import io.github.elbo4j.kernel.Replay;
import io.github.elbo4j.kernel.cuda.Cuda;
import io.github.elbo4j.kernel.cuda.CudaKernel;
import io.github.elbo4j.kernel.cuda.CudaReplay;
import io.github.elbo4j.kernel.cuda.DeviceCall;
import io.github.elbo4j.tensor.DeviceStorage;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import java.lang.ref.Cleaner;

/** {@link MemoryKernels} on a device: cuda/memory.cu. */
public final class MemoryCuda extends MemoryKernels {
  private static final Cleaner CLEANER = Cleaner.create();

  private final Cuda cuda;
  private final CudaKernel fill;
  private final CudaKernel copy;
  private final CudaKernel add;
  private final CudaKernel swap;

  public MemoryCuda(Cuda cuda) {
    this.cuda = cuda;
    fill = cuda.kernel("memory", "memory_fill");
    copy = cuda.kernel("memory", "memory_copy");
    add = cuda.kernel("memory", "memory_add");
    swap = cuda.kernel("memory", "memory_swap");
  }

  /** Zeros on the device; handed back when no tensor looks at them any more. */
  @Override
  public Tensor allocate(int length) {
    long address = cuda.allocate(length);
    DeviceStorage.Owner owner = new Owner(cuda);
    CLEANER.register(owner, () -> cuda.memory().release(address));
    return Tensor.of(new DeviceStorage(address, owner), Shape.of(length));
  }

  @Override
  public Replay replay(int results) {
    return new CudaReplay(cuda, results);
  }

  /** Each block has its own: what the cleaner waits for. */
  private static final class Owner implements DeviceStorage.Owner {
    private final Cuda cuda;

    Owner(Cuda cuda) {
      this.cuda = cuda;
    }

    @Override
    public void read(long address, float[] to, int at, int n) {
      cuda.read(address, to, at, n);
    }

    @Override
    public void write(long address, float[] from, int at, int n) {
      cuda.write(address, from, at, n);
    }
  }

  @Override
  protected void doFill(Tensor out, float value) {
    DeviceCall call = cuda.begin();
    call.pass(call.out(out)).pass(value).pass(out.size()).launchFlat(fill, (out.size() + 3L) / 4);
    call.end();
  }

  @Override
  protected void doCopy(Tensor from, Tensor to) {
    DeviceCall call = cuda.begin();
    long source = call.in(from);
    long target = call.out(to);
    call.pass(source).pass(target).pass(to.size()).launchFlat(copy, (to.size() + 3L) / 4);
    call.end();
  }

  @Override
  protected void doAdd(Tensor from, Tensor to) {
    DeviceCall call = cuda.begin();
    long source = call.in(from);
    long target = call.inOut(to);
    call.pass(source).pass(target).pass(to.size()).launchFlat(add, (to.size() + 3L) / 4);
    call.end();
  }

  @Override
  protected void doSwap(Tensor a, Tensor b) {
    DeviceCall call = cuda.begin();
    long first = call.inOut(a);
    long second = call.inOut(b);
    call.pass(first).pass(second).pass(a.size()).launchFlat(swap, (a.size() + 3L) / 4);
    call.end();
  }
}
