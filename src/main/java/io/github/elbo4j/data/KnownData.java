package io.github.elbo4j.data;

import java.net.URI;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A data set with a name: where its four files are published and what they hold.
 *
 * @param sha256 SHA-256 of each file <em>unpacked</em>: mirrors pack the same bytes differently
 * @param mirrors folders, tried in this order, each with {@code <file name>.gz}
 */
record KnownData(String name, Map<Part, String> sha256, List<URI> mirrors) {

  /** Every data set known by name. */
  static final List<KnownData> ALL =
      List.of(
          new KnownData(
              "mnist",
              sums(
                  "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                  "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                  "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                  "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
              List.of(
                  URI.create("https://ossci-datasets.s3.amazonaws.com/mnist/"),
                  URI.create("https://storage.googleapis.com/cvdf-datasets/mnist/"))),
          new KnownData(
              "fashion-mnist",
              sums(
                  "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                  "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                  "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                  "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
              // the publisher's bucket has no https; the checksum is what vouches for the bytes
              List.of(
                  URI.create("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
                  URI.create(
                      "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"))));

  private static Map<Part, String> sums(
      String trainImages, String trainLabels, String testImages, String testLabels) {
    Map<Part, String> sums = new EnumMap<>(Part.class);
    sums.put(Part.TRAIN_IMAGES, trainImages);
    sums.put(Part.TRAIN_LABELS, trainLabels);
    sums.put(Part.TEST_IMAGES, testImages);
    sums.put(Part.TEST_LABELS, testLabels);
    return sums;
  }
}
