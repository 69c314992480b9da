package io.github.elbo4j.kernel.flow;

/** The rows of a matrix as rows that share their parameters, for {@link Reflections}. */
final class MatrixRows extends FlowTask {
  @Override
  int preparedSize() {
    return 0;
  }

  @Override
  void prepare(int point, int points, float[] prepared) {}

  @Override
  void tile(int first, int end, int point, int points, float[] prepared, double[] sums, int at) {}

  @Override
  protected void forget() {}
}
