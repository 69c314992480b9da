package io.github.elbo4j.train;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a run folder to one training at a time. The operating system holds the lock and gives it
 * back when the process ends, however it ends. The file {@value #FILE} itself stays: a lock on a
 * file that another process may delete would keep nobody out.
 */
final class RunLock implements AutoCloseable {
  /** The locked file in a run folder. */
  static final String FILE = ".lock";

  /**
   * Folders that this process has locked. The operating system's locks are per process: a second
   * channel on the same file would, when closed, give the first one's lock away.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path real;
  private final FileChannel channel;

  private RunLock(Path real, FileChannel channel) {
    this.real = real;
    this.channel = channel;
  }

  /**
   * Locks {@code folder}, which must exist.
   *
   * @throws IOException when another training has it, or the file cannot be made or locked
   */
  static RunLock take(Path folder) throws IOException {
    Path real = folder.toRealPath();
    if (!HELD.add(real)) {
      throw taken(folder);
    }
    FileChannel channel = null;
    try {
      channel = open(folder);
      return new RunLock(real, channel);
    } finally {
      if (channel == null) {
        HELD.remove(real);
      }
    }
  }

  private static FileChannel open(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    @Nullable FileChannel channel = null;
    boolean locked = false;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      locked = channel.tryLock() != null;
    } catch (IOException e) {
      throw new IOException(file + ": cannot be locked: " + AtomicFiles.reason(e), e);
    } finally {
      if (!locked && channel != null) {
        channel.close();
      }
    }
    if (!locked) {
      throw taken(folder);
    }
    return channel;
  }

  private static IOException taken(Path folder) {
    return new IOException("another elbo4j is training in " + folder);
  }

  /** Gives the folder free; without a word when the file system fails, since the lock is gone. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is closed all the same, and with it the lock.
    }
    HELD.remove(real);
  }
}
