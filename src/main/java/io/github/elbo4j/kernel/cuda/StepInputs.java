package io.github.elbo4j.kernel.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * The arrays of the host that a piece of work reads, each with a place on the device that it is
 * copied to, through pinned memory, whenever the work is started; and the step that its noise is
 * at.
 */
final class StepInputs implements AutoCloseable {
  /** Small arrays share a copy. */
  private static final long CHUNK = 16 << 10;

  private static final long ALIGNMENT = 16;

  private final Cuda cuda;
  private final List<Chunk> chunks = new ArrayList<>();
  private final List<Place> places = new ArrayList<>();
  private final long clock;

  /** Memory that is copied as a whole. */
  private static final class Chunk {
    final PinnedMemory host;
    final long device;
    final long size;
    long used;

    Chunk(Cuda cuda, long size) {
      this.size = size;
      device = cuda.memory().take(size);
      host = new PinnedMemory(size);
    }

    void upload(long from, CUstream stream) {
      CudaException.check(
          JCudaDriver.cuMemcpyHtoDAsync(
              DeviceMemory.at(device + from),
              host.pointer().withByteOffset(from),
              used - from,
              stream),
          "cuMemcpyHtoDAsync");
    }
  }

  /** Elements of an array, and where their copies are. */
  private static final class Place {
    final Object array;
    final MemorySegment elements;
    final MemorySegment copy;
    final long from;
    final long device;

    Place(Object array, long from, long bytes, Chunk chunk) {
      this.array = array;
      this.from = from;
      elements = segment(array).asSlice(from, bytes);
      copy = chunk.host.bytes().asSlice(chunk.used, bytes);
      device = chunk.device + chunk.used;
    }

    @SuppressWarnings("ReferenceEquality") // of the array, not of its elements
    boolean isOf(Object other, long otherFrom, long bytes) {
      return array == other && from == otherFrom && elements.byteSize() == bytes;
    }

    boolean current() {
      return elements.mismatch(copy) < 0;
    }
  }

  StepInputs(Cuda cuda) {
    this.cuda = cuda;
    clock = room(ALIGNMENT).device;
    chunks.getFirst().used = ALIGNMENT;
  }

  /** Device address of the step that noise is at. */
  long clock() {
    return clock;
  }

  /** Takes what the arrays hold now, and the step. */
  void take(int step) {
    chunks.getFirst().host.bytes().set(ValueLayout.JAVA_INT, 0, step);
    for (int i = 0; i < places.size(); i++) { // not an iterator: nothing is allocated
      Place place = places.get(i);
      place.copy.copyFrom(place.elements);
    }
  }

  /** Queues the copies of what was taken. */
  void upload(CUstream stream) {
    for (Chunk chunk : chunks) {
      chunk.upload(0, stream);
    }
  }

  /** Where elements of an array are on the device, or 0 where they have no place there. */
  long find(Object array, long from, long bytes) {
    Place place = place(array, from, bytes);
    return place == null ? 0 : place.device;
  }

  /** Whether elements that have a place are still what was taken. */
  boolean current(Object array, long from, long bytes) {
    Place place = place(array, from, bytes);
    return place != null && place.current();
  }

  /** Gives elements of an array a place, and queues a copy of what they are now. */
  long add(Object array, long from, long bytes, CUstream stream) {
    Chunk chunk = room(bytes);
    long at = chunk.used;
    Place place = new Place(array, from, bytes, chunk);
    place.copy.copyFrom(place.elements);
    chunk.used += bytes;
    chunk.upload(at, stream);
    chunk.used = Math.ceilDiv(chunk.used, ALIGNMENT) * ALIGNMENT;
    places.add(place);
    return place.device;
  }

  private static MemorySegment segment(Object array) {
    return switch (array) {
      case byte[] bytes -> MemorySegment.ofArray(bytes);
      case int[] ints -> MemorySegment.ofArray(ints);
      case float[] floats -> MemorySegment.ofArray(floats);
      default -> throw new IllegalArgumentException("StepInputs: " + array.getClass());
    };
  }

  private @Nullable Place place(Object array, long from, long bytes) {
    for (Place place : places) {
      if (place.isOf(array, from, bytes)) {
        return place;
      }
    }
    return null;
  }

  /** A chunk with that much room behind what is used. */
  private Chunk room(long bytes) {
    for (Chunk chunk : chunks) {
      if (chunk.size - chunk.used >= bytes) {
        return chunk;
      }
    }
    Chunk chunk = new Chunk(cuda, Math.max(CHUNK, Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT));
    chunks.add(chunk);
    return chunk;
  }

  /** Frees its memory; nothing that was queued may use it any more. */
  @Override
  public void close() {
    for (Chunk chunk : chunks) {
      chunk.host.close();
      cuda.memory().release(chunk.device);
    }
    chunks.clear();
    places.clear();
  }
}
