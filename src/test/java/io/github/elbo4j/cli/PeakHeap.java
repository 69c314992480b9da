package io.github.elbo4j.cli;

import com.sun.management.GarbageCollectionNotificationInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/**
 * Runs the command line in this JVM and then says, on standard error, how many bytes of heap were
 * in use at most right after a garbage collection.
 */
final class PeakHeap {
  /** With the serial collector: eden is empty after a collection. */
  private static final Set<String> POOLS = Set.of("Survivor Space", "Tenured Gen");

  private PeakHeap() {}

  public static void main(String[] args) {
    AtomicLong peak = new AtomicLong();
    for (var collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      ((NotificationEmitter) collector)
          .addNotificationListener(
              (notification, _) ->
                  peak.accumulateAndGet(after(notification.getUserData()), Math::max),
              null,
              null);
    }
    int exit = Main.run(System.out, System.err, args);
    System.gc();
    System.err.println("peak " + peak.get());
    System.exit(exit);
  }

  private static long after(Object data) {
    var info = GarbageCollectionNotificationInfo.from((CompositeData) data).getGcInfo();
    return info.getMemoryUsageAfterGc().entrySet().stream()
        .filter(pool -> POOLS.contains(pool.getKey()))
        .map(java.util.Map.Entry::getValue)
        .mapToLong(MemoryUsage::getUsed)
        .sum();
  }
}
