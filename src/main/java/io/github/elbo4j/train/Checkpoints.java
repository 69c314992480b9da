package io.github.elbo4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The two checkpoint files of a run folder. A kill at any moment leaves {@value #FILE} whole, and
 * once a second checkpoint has been written also {@value #PREVIOUS}.
 */
public final class Checkpoints {
  /** The newest checkpoint. */
  public static final String FILE = "checkpoint.safetensors";

  /** The one before it. */
  public static final String PREVIOUS = "checkpoint.previous.safetensors";

  private Checkpoints() {}

  /**
   * Makes {@code checkpoint} the newest one of {@code folder} and keeps the present one as {@value
   * #PREVIOUS}.
   *
   * @throws IOException naming the file that cannot be written; both old files are then still whole
   */
  public static void write(Path folder, SafeTensorsWriter checkpoint) throws IOException {
    Path newest = folder.resolve(FILE);
    if (AtomicFiles.exists(newest)) {
      // A copy and not a rename: between two renames there would be no newest checkpoint at all.
      AtomicFiles.write(folder.resolve(PREVIOUS), out -> Files.copy(newest, out));
    }
    checkpoint.write(newest);
  }

  /**
   * Reads the newest checkpoint. A damaged one is refused and never silently replaced by the
   * previous one, which would lose an epoch unseen: the message says how to choose that.
   *
   * @throws CheckpointException when {@value #FILE} is missing or damaged; its message says why and
   *     whether the previous one is usable
   */
  public static SafeTensors load(Path folder) throws IOException {
    Path newest = folder.resolve(FILE);
    if (!AtomicFiles.exists(newest)) {
      throw new CheckpointException(newest, "there is no such checkpoint", advice(folder));
    }
    try {
      return SafeTensors.read(newest);
    } catch (CheckpointException e) {
      CheckpointException refusal = new CheckpointException(newest, e.problem(), advice(folder));
      refusal.initCause(e);
      throw refusal;
    }
  }

  private static String advice(Path folder) throws IOException {
    Path previous = folder.resolve(PREVIOUS);
    if (!AtomicFiles.exists(previous)) {
      return "there is no previous checkpoint either, so train again without --resume";
    }
    try {
      SafeTensors.read(previous);
    } catch (CheckpointException e) {
      return PREVIOUS
          + " cannot be used either ("
          + e.problem()
          + "), so train again without --resume";
    }
    return "the previous checkpoint is intact: to go on from it, rename "
        + previous
        + " to "
        + FILE
        + " and use --resume";
  }
}
