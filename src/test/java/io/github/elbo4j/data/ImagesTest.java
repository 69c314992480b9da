package io.github.elbo4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ImagesTest {
  private static final Images THREE =
      new Images(
          "three",
          3,
          1,
          2,
          new byte[] {0, (byte) 255, 51, 0, (byte) 102, (byte) 255},
          new byte[] {7, 8, 9});

  @Test
  void copiesRows() {
    byte[] out = {1, 1, 1, 1};
    THREE.copyRow(2, out, 1);
    assertThat(out).containsExactly(1, 102, 255, 1);
    assertThatThrownBy(() -> THREE.copyRow(3, out, 0)).hasMessageContaining("index 3");
    assertThatThrownBy(() -> THREE.copyRow(-1, out, 0)).hasMessageContaining("index -1");
    assertThatThrownBy(() -> THREE.copyRow(0, out, 3)).hasMessageContaining("do not fit");
    assertThatThrownBy(() -> THREE.copyRow(0, out, -1)).hasMessageContaining("do not fit");
  }

  @Test
  void slicesAndSelects() {
    Images last = THREE.slice(1, 3);
    assertThat(last.count()).isEqualTo(2);
    assertThat(last.pixels()).containsExactly(51, 0, 102, 255);
    assertThat(last.labels()).containsExactly(8, 9);
    Images chosen = THREE.select("chosen", new int[] {2, 0, 2});
    assertThat(chosen.pixels()).containsExactly(102, 255, 0, 255, 102, 255);
    assertThat(chosen.labels()).containsExactly(9, 7, 9);
    assertThat(chosen.name()).isEqualTo("chosen");
    assertThatThrownBy(() -> THREE.slice(2, 2)).hasMessageContaining("[2, 2)");
    assertThatThrownBy(() -> THREE.slice(0, 4)).hasMessageContaining("[0, 4)");
  }

  @Test
  void averagesPixels() {
    assertThat(THREE.pixelMeans())
        .hasSize(2)
        .satisfies(
            means -> {
              assertThat(means[0]).isCloseTo((0 + 51 + 102) / 765.0, within(1e-15));
              assertThat(means[1]).isCloseTo((255 + 0 + 255) / 765.0, within(1e-15));
            });
  }

  @Test
  void refusesWrongSizes() {
    assertThatThrownBy(() -> new Images("x", 0, 1, 1, new byte[0], null))
        .hasMessageContaining("count 0");
    assertThatThrownBy(() -> new Images("x", 1, 1, 2, new byte[3], null))
        .hasMessage("Images x: pixels has 3 bytes, want 2");
    assertThatThrownBy(() -> new Images("x", 1, 1, 2, new byte[2], new byte[2]))
        .hasMessageContaining("labels has 2 bytes, want 1");
    assertThatThrownBy(() -> new Images("x", 70_000, 200, 200, new byte[1], null))
        .hasMessageContaining("2800000000 bytes");
    int most = Integer.MAX_VALUE;
    assertThatThrownBy(() -> new Images("x", most, most, most, new byte[1], null))
        .hasMessageContaining("at most 2147483647");
    Images square = new Images("s", 1, 2, 1, new byte[2], null);
    assertThatThrownBy(() -> new DataSplits(THREE, square, "d")).hasMessageContaining("2 x 1");
  }
}
