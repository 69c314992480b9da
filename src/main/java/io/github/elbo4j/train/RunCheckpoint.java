package io.github.elbo4j.train;

import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Adam;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The state of a run after an epoch: parameters by name, the optimiser's flat moments, and the
 * counters from which every random number follows. It holds no time and no number of threads: two
 * runs that computed the same have the same bytes.
 *
 * @param epoch epochs done
 * @param step steps done; also the position of every {@link NoiseKey}
 * @param height rows of a picture
 * @param width columns of a picture
 * @param classes of the labels of the training data; 0 in a file that does not say
 * @param data SHA-256 of the images it was trained and tested on; empty in a file that has none
 * @param backend that did the last epoch; empty in a file that does not say
 */
record RunCheckpoint(
    int epoch, long step, int height, int width, int classes, String data, String backend) {
  private static final String FORMAT = "elbo4j-vae-1";
  private static final String STEPS = "adam.steps";

  /** Writes the checkpoint, keeping the one before. */
  void write(Path folder, Parameters parameters, Adam adam) throws IOException {
    SafeTensorsWriter writer =
        new SafeTensorsWriter()
            .metadata("format", FORMAT)
            .metadata("epoch", Integer.toString(epoch))
            .metadata("step", Long.toString(step))
            .metadata("height", Integer.toString(height))
            .metadata("width", Integer.toString(width))
            .metadata("classes", Integer.toString(classes))
            .metadata("data.sha256", data)
            .metadata("backend", backend);
    for (Parameters.Parameter p : parameters) {
      add(writer, "model." + p.name(), p.value());
    }
    adam.state().forEach((name, t) -> add(writer, name, t));
    writer.i64(STEPS, new int[] {1}, new long[] {adam.steps()}, 0);
    Checkpoints.write(folder, writer);
  }

  /** Reads the counters of the checkpoint in {@code folder}. */
  static RunCheckpoint read(SafeTensors file, Path folder) throws IOException {
    String format = file.metadata("format");
    if (!format.equals(FORMAT)) {
      throw damaged(folder, "its format is " + format + ", wanted " + FORMAT);
    }
    return new RunCheckpoint(
        (int) number(file, folder, "epoch"),
        number(file, folder, "step"),
        (int) number(file, folder, "height"),
        (int) number(file, folder, "width"),
        file.metadata("classes", "").isEmpty() ? 0 : (int) number(file, folder, "classes"),
        file.metadata("data.sha256", ""),
        file.metadata("backend", ""));
  }

  /** Overwrites the parameters. */
  static void restore(SafeTensors file, Parameters parameters) throws IOException {
    for (Parameters.Parameter p : parameters) {
      copy(file, "model." + p.name(), p.value());
    }
  }

  /** Overwrites the optimiser's state. */
  static void restore(SafeTensors file, Adam adam) throws IOException {
    for (var entry : adam.state().entrySet()) {
      copy(file, entry.getKey(), entry.getValue());
    }
    adam.resume(file.i64(STEPS, 1)[0]);
  }

  /** Overwrites the parameters by their Polyak average. */
  static void restoreAverage(SafeTensors file, Parameters parameters) throws IOException {
    for (Parameters.Parameter p : parameters) {
      copy(file, "average." + p.name(), p.value());
    }
  }

  private static void add(SafeTensorsWriter writer, String name, Tensor t) {
    Tensor host = t.onHost();
    writer.f32(name, dims(t), host.array(), host.offset());
  }

  private static void copy(SafeTensors file, String name, Tensor t) throws IOException {
    t.set(file.f32(name, dims(t)));
  }

  private static int[] dims(Tensor t) {
    int[] dims = new int[t.shape().rank()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = t.shape().dim(i);
    }
    return dims;
  }

  private static long number(SafeTensors file, Path folder, String key) throws IOException {
    String text = file.metadata(key);
    try {
      long value = Long.parseLong(text);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Falls through to the message below, which names the key.
    }
    throw damaged(folder, "its " + key + " is \"" + text + "\"");
  }

  private static CheckpointException damaged(Path folder, String problem) {
    return new CheckpointException(
        folder.resolve(Checkpoints.FILE), problem, "it was not written by this elbo4j");
  }
}
