package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImageGridTest {
  @TempDir private Path folder;

  private static int[][] decode(byte[] png) throws IOException {
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    assertThat(image.getType()).isEqualTo(BufferedImage.TYPE_BYTE_GRAY);
    int[][] rows = new int[image.getHeight()][image.getWidth()];
    for (int y = 0; y < rows.length; y++) {
      image.getRaster().getSamples(0, y, rows[y].length, 1, 0, rows[y]);
    }
    return rows;
  }

  @Test
  void laysOutImagesRowByRowWithMargins() throws IOException {
    // Three images of 1 x 2 pixels from element 1 on, two a row; the fourth cell stays grey.
    float[] images = {9, 0, 1, 0.5f, 0.2f, -3, 7};
    assertThat(decode(new ImageGrid(1, 2, 2, 1, 1).png(images, 1, 3)))
        .isDeepEqualTo(
            new int[][] {
              {96, 96, 96, 96, 96, 96, 96},
              {96, 0, 255, 96, 128, 51, 96},
              {96, 96, 96, 96, 96, 96, 96},
              {96, 0, 255, 96, 96, 96, 96},
              {96, 96, 96, 96, 96, 96, 96},
            });
  }

  @Test
  void scalesPixelsToSquares() throws IOException {
    assertThat(decode(new ImageGrid(2, 1, 8, 0, 2).png(new float[] {0, 1, 1, 0}, 0, 2)))
        .isDeepEqualTo(
            new int[][] {{0, 0, 255, 255}, {0, 0, 255, 255}, {255, 255, 0, 0}, {255, 255, 0, 0}});
  }

  @Test
  void roundsToTheNearestGrey() throws IOException {
    float[] greys = new float[256];
    for (int i = 0; i < greys.length; i++) {
      greys[i] = (i + 0.49f) / 255;
    }
    int[] expected = new int[256];
    Arrays.setAll(expected, i -> i);
    assertThat(decode(new ImageGrid(1, 256, 1, 0, 1).png(greys, 0, 1))[0]).isEqualTo(expected);
  }

  @Test
  void writesTheSameBytesAgain() throws IOException {
    float[] images = new float[64 * 28 * 28];
    for (int i = 0; i < images.length; i++) {
      images[i] = i * 31 % 257 / 257f;
    }
    ImageGrid grid = new ImageGrid(28, 28, 8, 2, 2);
    Path file = folder.resolve("grid.png");
    grid.write(file, images, 0, 64);
    assertThat(Files.readAllBytes(file)).isEqualTo(grid.png(images, 0, 64));
    int[][] pixels = decode(Files.readAllBytes(file));
    assertThat(pixels).hasDimensions(2 + 8 * 58, 2 + 8 * 58);
    for (int n = 0; n < 64; n++) {
      int y = 2 + n / 8 * 58 + 55;
      int x = 2 + n % 8 * 58 + 55;
      assertThat(pixels[y][x]).isEqualTo(Math.round(255 * images[n * 784 + 783]));
    }
  }

  @Test
  void refusesBadArguments() {
    ImageGrid grid = new ImageGrid(2, 2, 2, 1, 1);
    assertThatThrownBy(() -> grid.png(new float[8], 1, 2))
        .hasMessage("ImageGrid: images [2,2,2] at offset 1 need more than the array's 8 elements");
    assertThatThrownBy(() -> grid.png(new float[8], 0, 0))
        .hasMessage("ImageGrid: count is 0 and must be at least 1");
    assertThatThrownBy(() -> grid.png(new float[] {0, 0, Float.NaN, 0}, 0, 1))
        .hasMessage("ImageGrid: images[2] is NaN");
    assertThatThrownBy(() -> new ImageGrid(2, 2, 0, 1, 1))
        .hasMessage("ImageGrid: columns is 0 and must be at least 1");
    assertThatThrownBy(() -> new ImageGrid(1, 1, 1, 1, 1 << 30).png(new float[1], 0, 1))
        .hasMessageContaining("pixels are more than");
    assertThatThrownBy(() -> new ImageGrid(1, 1, 1, Integer.MAX_VALUE, 1).png(new float[1], 0, 1))
        .hasMessageContaining("pixels are more than");
  }
}
