package io.github.elbo4j.data;

/** The four files of a data set that is laid out like MNIST. */
enum Part {
  TRAIN_IMAGES("train-images-idx3-ubyte", "train", "images", 3),
  TRAIN_LABELS("train-labels-idx1-ubyte", "train", "labels", 1),
  TEST_IMAGES("t10k-images-idx3-ubyte", "(t10k|test)", "images", 3),
  TEST_LABELS("t10k-labels-idx1-ubyte", "(t10k|test)", "labels", 1);

  private final String fileName;
  private final String pattern;
  private final int rank;

  Part(String fileName, String split, String kind, int rank) {
    this.fileName = fileName;
    this.pattern =
        "(.+[-_.])?%s[-_.]%s([-_.]idx%d([-_.]ubyte)?)?(\\.gz)?".formatted(split, kind, rank);
    this.rank = rank;
  }

  /** MNIST's own name of the file, without {@code .gz}. */
  String fileName() {
    return fileName;
  }

  /** Dimensions of the file: 3 for images, 1 for labels. */
  int rank() {
    return rank;
  }

  /**
   * Whether a file of that name is this part: {@code t10k-images-idx3-ubyte.gz}, {@code
   * test-images.idx3-ubyte}, {@code digits-train-labels}, …
   */
  boolean matches(String name) {
    return name.matches(pattern);
  }
}
