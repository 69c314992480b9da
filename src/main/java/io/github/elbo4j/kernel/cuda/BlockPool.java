package io.github.elbo4j.kernel.cuda;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Scratch memory that one piece of work keeps for itself: a graph writes to the addresses it was
 * captured with, so nobody else may own them while it lives. The same requests in the same order
 * get the same blocks, time after time.
 */
final class BlockPool implements AutoCloseable {
  private final DeviceMemory memory;
  private final Map<Long, Blocks> bySize = new HashMap<>();
  private final Map<Long, Blocks> byAddress = new HashMap<>();

  private static final class Blocks {
    final List<Long> addresses = new ArrayList<>();
    final BitSet taken = new BitSet();
  }

  BlockPool(DeviceMemory memory) {
    this.memory = memory;
  }

  /** The first free block of that size in the order of their first use, or a new one. */
  long take(long bytes) {
    Blocks blocks = bySize.computeIfAbsent(DeviceMemory.sizeFor(bytes), s -> new Blocks());
    int index = blocks.taken.nextClearBit(0);
    if (index == blocks.addresses.size()) {
      long address = memory.take(bytes);
      blocks.addresses.add(address);
      byAddress.put(address, blocks);
    }
    blocks.taken.set(index);
    return blocks.addresses.get(index);
  }

  /** Whether {@link #take} would find a block. */
  boolean has(long bytes) {
    Blocks blocks = bySize.get(DeviceMemory.sizeFor(bytes));
    return blocks != null && blocks.taken.nextClearBit(0) < blocks.addresses.size();
  }

  /** Hands a block back to this pool, where it was not closed meanwhile. */
  void release(long address) {
    Blocks blocks = byAddress.get(address);
    if (blocks != null) {
      blocks.taken.clear(blocks.addresses.indexOf(address));
    }
  }

  @Override
  public void close() {
    byAddress.keySet().forEach(memory::release);
    byAddress.clear();
    bySize.clear();
  }
}
