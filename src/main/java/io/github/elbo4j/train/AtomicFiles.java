package io.github.elbo4j.train;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Files that are replaced as a whole: whoever opens the target at any moment, also after a SIGKILL
 * or a power cut, finds the old content or the new one, never a mixture.
 *
 * <p>The content goes to a temporary file {@code .NAME.PID-*.part} in the same folder, is forced to
 * disk and renamed over the target; then the folder is forced. On failure the temporary file is
 * removed and the target stays as it was. What a killed process left behind is removed by the next
 * write to the same target; the files of a process that lives are left alone.
 */
public final class AtomicFiles {
  /** Windows cannot open a folder as a channel; its journal orders the rename itself. */
  private static final boolean FORCES_FOLDERS =
      !System.getProperty("os.name", "").startsWith("Windows");

  private static final long PID = ProcessHandle.current().pid();

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
    Path temporary = folder.resolve(prefix + PID + "-" + UUID.randomUUID() + ".part");
    LIVE.add(temporary);
    try {
      removeLeftovers(folder, prefix);
      writeAndForce(temporary, body);
      Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
      forceFolder(folder);
    } catch (IOException e) {
      IOException failure = new IOException(target + ": cannot be written: " + reason(e), e);
      deleteAfter(failure, temporary);
      throw failure;
    } catch (RuntimeException | Error e) {
      deleteAfter(e, temporary);
      throw e;
    } finally {
      LIVE.remove(temporary);
    }
  }

  /** What went wrong first is what matters: a failure to clear up only goes with it. */
  private static void deleteAfter(Throwable failure, Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      failure.addSuppressed(e);
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

  private static void removeLeftovers(Path folder, String prefix) throws IOException {
    DirectoryStream.Filter<Path> leftover =
        path -> {
          String name = path.getFileName().toString();
          return name.startsWith(prefix)
              && name.endsWith(".part")
              && !LIVE.contains(path)
              && !livesElsewhere(name.substring(prefix.length()));
        };
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, leftover)) {
      for (Path path : stream) {
        Files.deleteIfExists(path);
      }
    }
  }

  /**
   * Whether {@code name}, {@code PID-*.part}, is of another process that runs now. A process that
   * cannot be seen from here, in another container say, counts as dead: should it be alive, it
   * fails with a clear error and the target stays whole.
   */
  private static boolean livesElsewhere(String name) {
    int dash = name.indexOf('-');
    String pid = dash < 0 ? "" : name.substring(0, dash);
    return pid.matches("[0-9]{1,18}")
        && Long.parseLong(pid) != PID
        && ProcessHandle.of(Long.parseLong(pid)).isPresent();
  }

  /**
   * Whether there is such a file. {@link Files#exists} says no also when it cannot know.
   *
   * @throws IOException when the file system does not let us look, naming the path
   */
  public static boolean exists(Path path) throws IOException {
    try {
      Files.readAttributes(path, BasicFileAttributes.class);
      return true;
    } catch (NoSuchFileException e) {
      return false;
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
