package io.github.elbo4j.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.elbo4j.kernel.Backend;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.CudaBackend;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.tensor.DeviceStorage;
import io.github.elbo4j.tensor.Shape;
import io.github.elbo4j.tensor.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Device memory, tensors in it, and what is said when something goes wrong. */
@Tag("cuda")
class DeviceTest {
  private final Backend cuda = CudaBackend.get();
  private final Cuda device = Cuda.open(0);

  @Test
  void theDeviceSaysWhatItIs() {
    assertThat(CudaProbe.whyNot()).isNull();
    assertThat(device.description()).contains("compute capability");
    assertThat(Backends.explain("cuda")).contains("running: cuda", "cuda: available");
    assertThat(Cuda.open(0)).isSameAs(device);
    assertThatThrownBy(() -> Cuda.open(99)).hasMessageContaining("device 99: there are ");
  }

  @Test
  void tensorsOfTheDeviceStayThereAndGiveTheSameBits() {
    int b = 5;
    int d = 7;
    Tensor host = Tensor.zeros(3, b, d);
    Tensor mu = host.slice(0, Shape.of(b, d));
    Tensor logVar = host.slice(b * d, Shape.of(b, d));
    Tensor z = host.slice(2 * b * d, Shape.of(b, d));
    for (int i = 0; i < 2 * b * d; i++) {
      host.array()[i] = (float) Math.sin(i);
    }
    NoiseKey noise = new NoiseKey(3, 1);
    cuda.gaussian().reparameterize(mu, logVar, noise, z, null, null, null, null);

    Tensor there = cuda.memory().allocate(3 * b * d);
    assertThat(there.storage()).isInstanceOf(DeviceStorage.class);
    cuda.memory().copy(host.slice(0, Shape.of(2 * b * d)), there.slice(0, Shape.of(2 * b * d)));
    Tensor zThere = there.slice(2 * b * d, Shape.of(b, d));
    cuda.gaussian()
        .reparameterize(
            there.slice(0, Shape.of(b, d)),
            there.slice(b * d, Shape.of(b, d)),
            noise,
            zThere,
            null,
            null,
            null,
            null);
    Tensor back = Tensor.zeros(b, d);
    cuda.memory().copy(zThere, back);
    assertThat(back.toArray()).isEqualTo(z.toArray()).doesNotContain(0f);
  }

  @Test
  void tensorsOfTheDeviceKnowWhereTheyOverlap() {
    Tensor t = cuda.memory().allocate(10);
    Tensor head = t.slice(0, Shape.of(6));
    assertThat(head.overlaps(t.slice(5, Shape.of(5)))).isTrue();
    assertThat(head.overlaps(t.slice(6, Shape.of(4)))).isFalse();
    assertThat(head.overlaps(Tensor.zeros(6))).isFalse();
    assertThat(Tensor.zeros(6).overlaps(head)).isFalse();
    Tensor tail = t.slice(4, Shape.of(6));
    assertThatThrownBy(() -> cuda.memory().copy(head, tail))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void elementsOfTheDeviceComeByCopies() {
    Tensor t = cuda.memory().allocate(4);
    cuda.memory().copy(Tensor.of(new float[] {1, 2, 3, 4}, 0, 4), t);
    assertThat(t.get(2)).isEqualTo(3);
    assertThat(t.slice(1, Shape.of(2)).toArray()).containsExactly(2, 3);
    assertThat(t.onHost().array()).containsExactly(1, 2, 3, 4);
    t.slice(2, Shape.of(2)).fill(9);
    assertThat(t.toArray()).containsExactly(1, 2, 9, 9);
    assertThatThrownBy(() -> t.get(4)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(t::array)
        .hasMessage("array: Tensor[4] is in device memory; copy it to a tensor of the host first");
    assertThatThrownBy(() -> Backends.simd().memory().fill(t, 1))
        .hasMessageContaining("device memory");
  }

  @Test
  void blocksAreCountedAndTakenOnlyOnce() {
    DeviceMemory memory = device.memory();
    int before = memory.blocks();
    long held = memory.bytes();
    long a = memory.take(1000);
    long b = memory.take(1000);
    assertThat(a).isNotEqualTo(b);
    assertThat(memory.blocks()).isEqualTo(before + 2);
    assertThat(memory.bytes()).isGreaterThanOrEqualTo(held + 2000);
    memory.release(a);
    memory.release(b);
    assertThat(memory.blocks()).isEqualTo(before);
    assertThatThrownBy(() -> memory.release(a)).hasMessageContaining("was not taken");
    memory.trim();
  }

  @Test
  void outOfMemorySaysHowMuchWasAskedFor() {
    assertThatThrownBy(() -> device.memory().take(1L << 50))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("1,125,899,906,842,624 bytes asked for")
        .hasMessageContaining("free")
        .hasMessageContaining("CUDA_ERROR_OUT_OF_MEMORY");
  }

  @Test
  void aKernelThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> device.kernel("memory", "memory_melt"))
        .hasMessageContaining("kernel memory_melt of memory.ptx")
        .hasMessageContaining("CUDA_ERROR_NOT_FOUND");
    assertThatThrownBy(() -> device.kernel("abacus", "abacus_add"))
        .hasMessageContaining("the jar lacks /io/github/elbo4j/cuda/abacus.ptx");
  }

  @Test
  void aLaunchThatIsRefusedSaysWhich() {
    CudaKernel fill = device.kernel("memory", "memory_fill");
    DeviceCall call = device.begin();
    long out = call.scratch(16);
    assertThatThrownBy(() -> call.pass(out).pass(1f).pass(4).launch(fill, 1, 4096, 0))
        .hasMessageContaining("memory_fill <<<(1,1), 4096, 0 bytes>>>: CUDA_ERROR");
    int held = device.memory().blocks();
    device.begin().end(); // takes back what the failed call held
    assertThat(device.memory().blocks()).isEqualTo(held - 1);
  }
}
