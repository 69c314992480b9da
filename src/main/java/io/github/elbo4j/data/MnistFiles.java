package io.github.elbo4j.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds the files of an MNIST-style folder and puts their contents together. */
final class MnistFiles {
  private MnistFiles() {}

  /**
   * The parts that a folder has. Of a plain file and its gzip the plain one is taken; two files
   * that could both be the same part are an error.
   */
  static Map<Part, Path> find(Path folder) throws DataException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files = entries.filter(file -> !Files.isDirectory(file)).sorted().toList();
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be listed: " + e, e);
    }
    Map<Part, Path> found = new EnumMap<>(Part.class);
    for (Path file : files) {
      for (Part part : Part.values()) {
        if (part.matches(name(file))) {
          Path other = found.putIfAbsent(part, file);
          // sorted, so a plain file comes before its gzip
          if (other != null && !name(file).equals(name(other) + ".gz")) {
            throw new DataException(
                "%s: both %s and %s could be its %s: leave one"
                    .formatted(folder, name(other), name(file), part.fileName()));
          }
        }
      }
    }
    return found;
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  /** Loads a folder; one without test images gets a held-out split. */
  static DataSplits load(Path folder) throws DataException {
    Map<Part, Path> found = find(folder);
    if (!found.containsKey(Part.TRAIN_IMAGES)) {
      throw new DataException(
          "%s: has no train-images-idx3-ubyte or train-images-idx3-ubyte.gz".formatted(folder));
    }
    if (found.containsKey(Part.TEST_LABELS) && !found.containsKey(Part.TEST_IMAGES)) {
      throw new DataException(
          "%s: has %s but no t10k-images-idx3-ubyte"
              .formatted(folder, found.get(Part.TEST_LABELS)));
    }
    Map<Part, Idx> parts = new EnumMap<>(Part.class);
    for (Map.Entry<Part, Path> entry : found.entrySet()) {
      parts.put(entry.getKey(), Idx.read(entry.getValue(), entry.getKey().rank(), null));
    }
    return assemble(folder.toString(), parts);
  }

  /** Puts read parts together; train images must be among them. */
  static DataSplits assemble(String name, Map<Part, Idx> parts) throws DataException {
    Idx trainImages = parts.get(Part.TRAIN_IMAGES);
    if (trainImages == null) {
      throw new IllegalArgumentException("assemble: no train images");
    }
    Images train = images(name + " train", trainImages, parts.get(Part.TRAIN_LABELS));
    Idx testImages = parts.get(Part.TEST_IMAGES);
    if (testImages == null) {
      return HeldOut.split(name, train);
    }
    Images test = images(name + " test", testImages, parts.get(Part.TEST_LABELS));
    if (train.height() != test.height() || train.width() != test.width()) {
      throw new DataException(
          "%s: images of %d x %d, want %d x %d as in %s"
              .formatted(
                  testImages.source(),
                  test.height(),
                  test.width(),
                  train.height(),
                  train.width(),
                  trainImages.source()));
    }
    return new DataSplits(
        train,
        test,
        "%s: %d train and %d test images of %d x %d"
            .formatted(name, train.count(), test.count(), train.height(), train.width()));
  }

  static Images images(String name, Idx images, @Nullable Idx labels) throws DataException {
    if (labels != null && labels.dim(0) != images.dim(0)) {
      throw new DataException(
          "%s: %d labels, want %d, one for each image of %s"
              .formatted(labels.source(), labels.dim(0), images.dim(0), images.source()));
    }
    return new Images(
        name,
        images.dim(0),
        images.dim(1),
        images.dim(2),
        images.values(),
        labels == null ? null : labels.values());
  }
}
