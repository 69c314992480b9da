package io.github.elbo4j.train;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Lays images out in rows on one 8-bit greyscale PNG, with a grey margin around each of them. Cells
 * of the last row without an image stay grey. The bytes depend on the images only.
 *
 * @param height of one image in pixels
 * @param width of one image in pixels
 * @param columns images a row
 * @param margin pixels between two images and around the grid
 * @param scale each pixel becomes a square of {@code scale × scale}
 */
public record ImageGrid(int height, int width, int columns, int margin, int scale) {
  private static final byte MARGIN_GREY = 96;
  private static final int MAX_PIXELS = 1 << 28;

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException naming the size that is out of range
   */
  public ImageGrid {
    atLeast(1, "height", height);
    atLeast(1, "width", width);
    atLeast(1, "columns", columns);
    atLeast(0, "margin", margin);
    atLeast(1, "scale", scale);
  }

  private static void atLeast(int least, String name, int value) {
    if (value < least) {
      throw new IllegalArgumentException(
          "ImageGrid: %s is %d and must be at least %d".formatted(name, value, least));
    }
  }

  /**
   * Replaces {@code file} atomically by the PNG; see {@link #png}.
   *
   * @throws IOException naming the file when it cannot be written
   */
  public void write(Path file, float[] images, int offset, int count) throws IOException {
    AtomicFiles.write(file, png(images, offset, count));
  }

  /**
   * The PNG of {@code count} images.
   *
   * @param images {@code [count, height, width]} from {@code images[offset]}; 0 is black, 1 is
   *     white, values outside are clamped
   * @param count number of images, at least 1
   * @throws IllegalArgumentException when the array is too short, a value is NaN or the picture
   *     would be huge
   */
  public byte[] png(float[] images, int offset, int count) {
    atLeast(1, "count", count);
    long needed = (long) count * height * width;
    if (offset < 0 || needed > images.length - offset) {
      throw new IllegalArgumentException(
          "ImageGrid: images [%d,%d,%d] at offset %d need more than the array's %d elements"
              .formatted(count, height, width, offset, images.length));
    }
    int across = Math.min(columns, count);
    long gridWidth = margin + across * (margin + (long) width * scale);
    long gridHeight = margin + Math.ceilDiv(count, across) * (margin + (long) height * scale);
    if (gridWidth > MAX_PIXELS || gridHeight > MAX_PIXELS / gridWidth) {
      throw new IllegalArgumentException(
          "ImageGrid: %d x %d pixels are more than %d"
              .formatted(gridWidth, gridHeight, MAX_PIXELS));
    }
    BufferedImage grid =
        new BufferedImage((int) gridWidth, (int) gridHeight, BufferedImage.TYPE_BYTE_GRAY);
    byte[] pixels = ((DataBufferByte) grid.getRaster().getDataBuffer()).getData();
    Arrays.fill(pixels, MARGIN_GREY);
    for (int n = 0; n < count; n++) {
      int left = margin + n % across * (margin + width * scale);
      int top = margin + n / across * (margin + height * scale);
      draw(
          images,
          offset + n * height * width,
          pixels,
          top * (int) gridWidth + left,
          (int) gridWidth);
    }
    return encode(grid);
  }

  private void draw(float[] images, int from, byte[] pixels, int corner, int stride) {
    for (int y = 0; y < height * scale; y++) {
      for (int x = 0; x < width * scale; x++) {
        int source = from + y / scale * width + x / scale;
        pixels[corner + y * stride + x] = grey(images[source], source);
      }
    }
  }

  private static byte grey(float value, int index) {
    if (Float.isNaN(value)) {
      throw new IllegalArgumentException("ImageGrid: images[" + index + "] is NaN");
    }
    return (byte) Math.round(255 * Math.clamp(value, 0f, 1f));
  }

  private static byte[] encode(BufferedImage grid) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // Not ImageIO.write(…, OutputStream): that goes through a cache file in the temporary folder.
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(grid);
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory cannot fail", e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }
}
