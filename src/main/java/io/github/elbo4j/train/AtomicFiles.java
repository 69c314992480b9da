package io.github.elbo4j.train;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Files that are replaced as a whole: whoever opens the target at any moment, also after a SIGKILL
 * or a power cut, finds the old content or the new one, never a mixture.
 *
 * <p>The content goes to a temporary file {@code .NAME.*.part} in the same folder, is forced to
 * disk and renamed over the target; then the folder is forced. On failure the temporary file is
 * removed and the target stays as it was. What a killed process left behind is removed by the next
 * write to the same target.
 */
public final class AtomicFiles {
  /** Windows cannot open a folder as a channel; its journal orders the rename itself. */
  private static final boolean FORCES_FOLDERS =
      !System.getProperty("os.name", "").startsWith("Windows");

  /** Temporary files that a thread of this process is writing now. */
  private static final Set<Path> LIVE = ConcurrentHashMap.newKeySet();

  private AtomicFiles() {}

  /** Writes the content of one file. */
  @FunctionalInterface
  public interface Body {
    /** Writes all of the content; the stream is buffered by nobody and closed by the caller. */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Replaces {@code target} by {@code content}.
   *
   * @throws IOException naming the target when it cannot be written; the target is then unchanged
   */
  public static void write(Path target, byte[] content) throws IOException {
    write(target, out -> out.write(content));
  }

  /**
   * Replaces {@code target} by what {@code body} writes.
   *
   * @throws IOException naming the target when it cannot be written; the target is then unchanged
   */
  public static void write(Path target, Body body) throws IOException {
    Path absolute = target.toAbsolutePath();
    Path folder = absolute.getParent();
    if (folder == null) {
      throw new IOException(target + ": cannot be written: it is not a file name");
    }
    String prefix = "." + absolute.getFileName() + ".";
    Path temporary = folder.resolve(prefix + UUID.randomUUID() + ".part");
    LIVE.add(temporary);
    try {
      removeLeftovers(folder, prefix);
      writeAndForce(temporary, body);
      Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
      forceFolder(folder);
    } catch (IOException e) {
      throw new IOException(target + ": cannot be written: " + reason(e), e);
    } finally {
      // Also after an unchecked exception of the body; after the rename there is nothing to delete.
      Files.deleteIfExists(temporary);
      LIVE.remove(temporary);
    }
  }

  private static void writeAndForce(Path temporary, Body body) throws IOException {
    try (FileChannel channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      body.writeTo(Channels.newOutputStream(channel));
      channel.force(true);
    }
  }

  /** Without this the rename itself could be lost in a power cut. */
  private static void forceFolder(Path folder) throws IOException {
    if (FORCES_FOLDERS) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /**
   * One process writes a target at a time, so a temporary file that is not ours is a dead one's.
   * Should that be wrong, the other process fails with a clear error and the target stays whole.
   */
  private static void removeLeftovers(Path folder, String prefix) throws IOException {
    DirectoryStream.Filter<Path> leftover =
        path -> {
          String name = path.getFileName().toString();
          return name.startsWith(prefix) && name.endsWith(".part") && !LIVE.contains(path);
        };
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, leftover)) {
      for (Path path : stream) {
        Files.deleteIfExists(path);
      }
    }
  }

  /** The cause in words; {@code getMessage()} of a file system's exception is a bare path. */
  static String reason(IOException e) {
    String kind = e.getClass().getSimpleName();
    if (e instanceof FileSystemException f) {
      return f.getReason() == null ? kind + " " + f.getFile() : f.getReason();
    }
    return e.getMessage() == null ? kind : e.getMessage();
  }
}
