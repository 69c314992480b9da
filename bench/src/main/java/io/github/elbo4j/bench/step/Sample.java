package io.github.elbo4j.bench.step;

import java.util.Arrays;

/**
 * What one process measured.
 *
 * @param millis milliseconds a step, the median of its rounds
 * @param min of the fastest round
 * @param max of the slowest round
 * @param cores processor time by wall-clock time while measuring
 * @param firstLoss nats an example of the untrained model on its first batch
 * @param laterLoss the mean of ten steps up to {@link StepTimer#LEARNING_STEPS}
 */
record Sample(
    double millis, double min, double max, double cores, double firstLoss, double laterLoss) {
  private static final String MARK = "step-sample";

  String toLine() {
    return "%s %s %s %s %s %s %s".formatted(MARK, millis, min, max, cores, firstLoss, laterLoss);
  }

  static boolean isLine(String line) {
    return line.startsWith(MARK + " ");
  }

  static Sample parse(String line) {
    double[] v =
        Arrays.stream(line.substring(MARK.length()).strip().split(" "))
            .mapToDouble(Double::parseDouble)
            .toArray();
    return new Sample(v[0], v[1], v[2], v[3], v[4], v[5]);
  }
}
