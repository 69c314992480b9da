package io.github.elbo4j.data;

/**
 * Images to train on and images to judge by, which training never sees.
 *
 * @param description one line for the user: where the images came from and what the test split is
 */
public record DataSplits(Images train, Images test, String description) {
  /**
   * Checks that the splits fit together.
   *
   * @throws IllegalArgumentException the two splits have images of different sizes
   */
  public DataSplits {
    if (train.height() != test.height() || train.width() != test.width()) {
      throw new IllegalArgumentException(
          "DataSplits: test images of %d x %d must have the size of the train images, %d x %d"
              .formatted(test.height(), test.width(), train.height(), train.width()));
    }
  }
}
