package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.data.Images;
import io.github.elbo4j.train.LatentPaths.Interpolation;
import org.junit.jupiter.api.Test;

class LatentPathsTest {
  @Test
  void theGreatCircleBetweenTwoAxes() {
    float[] a = {2, 0};
    float[] b = {0, 4};
    float[] middle = LatentPaths.between(a, b, 0.5, Interpolation.SLERP);
    assertThat(middle[0]).isCloseTo((float) (3 / Math.sqrt(2)), within(1e-6f));
    assertThat(middle[1]).isCloseTo((float) (3 / Math.sqrt(2)), within(1e-6f));
    assertThat(LatentPaths.between(a, b, 0, Interpolation.SLERP)).containsExactly(2, 0);
    assertThat(LatentPaths.between(a, b, 0.5, Interpolation.LINEAR)).containsExactly(1, 2);
  }

  /** Where there is no angle: parallel, opposite, at the origin. */
  @Test
  void theStraightLineWhereThereIsNoCircle() {
    for (float[] b : new float[][] {{4, 0}, {-2, 0}, {0, 0}, {2, 0}}) {
      float[] middle = LatentPaths.between(new float[] {2, 0}, b, 0.5, Interpolation.SLERP);
      assertThat(middle).containsExactly((2 + b[0]) / 2, 0);
    }
  }

  @Test
  void traversalsChangeOneDimension() {
    float[] all = LatentPaths.traverse(new float[] {7, 8}, new int[] {1, 0}, 3, 3);
    assertThat(all).containsExactly(7, -3, 7, 0, 7, 3, -3, 8, 0, 8, 3, 8);
    assertThat(LatentPaths.byVariance(new float[] {1, 5, 1, -5, 2, 5}, 2)).containsExactly(1, 0);
  }

  @Test
  void attributesAreDifferencesOfMeans() {
    float[] z = {1, 0, 3, 0, 10, 10};
    Images images = new Images("three", 3, 1, 1, new byte[3], new byte[] {4, 4, 9});
    assertThat(LatentPaths.attribute(z, images, 4, 9)).containsExactly(8, 10);
    assertThat(LatentPaths.attribute(z, images, 9, 4)).containsExactly(-8, -10);
    assertThat(LatentPaths.attribute(z, images, 4, 4)).containsExactly(0, 0);
    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> LatentPaths.attribute(z, images, 4, 5))
        .withMessage("no picture of class 5 in three");
    Images bare = new Images("bare", 3, 1, 1, new byte[3], null);
    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> LatentPaths.attribute(z, bare, 4, 9))
        .withMessageStartingWith("bare has no labels");
  }

  /** Pairs in the right order: 3 of 4, one of them equal, which counts half. */
  @Test
  void areaUnderTheCurve() {
    double[] scores = {1, 2, 2, 3};
    assertThat(RocCurve.area(scores, new boolean[] {false, false, true, true}))
        .isEqualTo((1 + 0.5 + 1 + 1) / 4);
    assertThat(RocCurve.area(scores, new boolean[] {true, true, false, false})).isEqualTo(0.5 / 4);
    assertThat(RocCurve.area(scores, new boolean[4])).isNaN();
    double[] broken = {1, Double.NaN, 2, Double.NaN};
    assertThat(RocCurve.area(broken, new boolean[] {false, true, false, true})).isEqualTo(1);
  }
}
