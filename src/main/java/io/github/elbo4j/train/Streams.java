package io.github.elbo4j.train;

/** Philox streams of a run, one a use of randomness, so that no two uses share numbers. */
final class Streams {
  static final int POSTERIOR = 0x454C4201;
  static final int BINARIZE = 0x454C4202;
  static final int TEST_POSTERIOR = 0x454C4203;
  static final int STATIC_TRAIN = 0x454C4204;
  static final int STATIC_TEST = 0x454C4205;
  static final int SAMPLES = 0x454C4206;
  static final int IMPORTANCE = 0x454C4207;
  static final int GRADIENT = 0x454C4208;
  static final int GRADIENT_BINARIZE = 0x454C4209;
  static final int ANNEALING = 0x454C420A;
  static final int AGGREGATED = 0x454C420B;

  private Streams() {}
}
