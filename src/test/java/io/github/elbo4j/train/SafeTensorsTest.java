package io.github.elbo4j.train;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file to the byte, and what is read back from it. */
final class SafeTensorsTest {
  /**
   * Assembled with Python's struct and hashlib from the format's description; the digest is the
   * SHA-256 of the file with 64 zeros in its place.
   */
  private static final String GOLDEN_HEADER =
      """
      {"__metadata__":{"elbo4j.sha256":\
      "4ef73c9fea2c43c6fde6072b116808897f496ec9d15eeff2d784c3da74c6dbcb",\
      "epoch":"3"},\
      "m":{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]},\
      "step":{"dtype":"I64","shape":[],"data_offsets":[16,24]},\
      "w":{"dtype":"F32","shape":[2,2],"data_offsets":[24,40]},\
      "bits":{"dtype":"U8","shape":[3],"data_offsets":[40,43]}}\
      """;

  private static final String GOLDEN_DATA =
      "9a9999999999b93f0000000000000080" // 0.1, -0.0
          + "f9ffffffffffffff" // -7
          + "0000803f000000c00000003f0000807f" // 1, -2, 0.5, infinity
          + "0080ff"; // 0, 128, 255

  @TempDir private Path folder;

  static SafeTensorsWriter golden() {
    return new SafeTensorsWriter()
        .metadata("epoch", "3")
        .f32("w", new int[] {2, 2}, new float[] {9, 1, -2, 0.5f, Float.POSITIVE_INFINITY}, 1)
        .u8("bits", new int[] {3}, new byte[] {0, (byte) 128, (byte) 255}, 0)
        .i64("step", new int[] {}, new long[] {-7}, 0)
        .f64("m", new int[] {1, 2}, new double[] {0.1, -0.0, 5}, 0);
  }

  static byte[] bytes(SafeTensorsWriter writer) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writer.writeTo(out);
    return out.toByteArray();
  }

  @Test
  void writesTheFormatToTheByte() throws IOException {
    byte[] header = GOLDEN_HEADER.getBytes(UTF_8);
    int padded = (header.length + 7) / 8 * 8;
    byte[] data = HexFormat.of().parseHex(GOLDEN_DATA);
    byte[] expected = new byte[8 + padded + data.length];
    Arrays.fill(expected, (byte) ' ');
    ByteBuffer.wrap(expected)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(padded)
        .put(header)
        .position(8 + padded)
        .put(data);
    assertThat(bytes(golden())).asString(UTF_8).isEqualTo(new String(expected, UTF_8));
    assertThat(bytes(golden())).isEqualTo(expected);
  }

  @Test
  void readsWhatWasWritten() throws IOException {
    Path file = folder.resolve("small.safetensors");
    golden().write(file);
    SafeTensors read = SafeTensors.read(file);
    assertThat(read.metadata()).containsExactly(java.util.Map.entry("epoch", "3"));
    assertThat(read.metadata("epoch")).isEqualTo("3");
    assertThat(read.names()).containsExactly("m", "step", "w", "bits");
    assertThat(read.dtype("bits")).isEqualTo(DType.U8);
    assertThat(read.shape("m")).containsExactly(1, 2);
    assertThat(read.f64("m", 1, 2)).containsExactly(0.1, -0.0);
    assertThat(read.i64("step")).containsExactly(-7);
    assertThat(read.f32("w", 2, 2)).containsExactly(1, -2, 0.5f, Float.POSITIVE_INFINITY);
    assertThat(read.u8("bits", 3)).containsExactly(0, 128, 255);
  }

  @Test
  void keepsEveryBitOfBigTensorsAndOddNames() throws IOException {
    float[] weights = new float[3 + 40_961];
    double[] moments = new double[20_001];
    byte[] pixels = new byte[65_537];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = Float.intBitsToFloat(i * 0x9E3779B1); // NaN payloads and subnormals included
    }
    for (int i = 0; i < moments.length; i++) {
      moments[i] = Double.longBitsToDouble(i * 0x9E3779B97F4A7C15L);
    }
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i * 31);
    }
    String name = "weights \"ä\\\n\u0001 𝕏 \u2028";
    Path file = folder.resolve("big.safetensors");
    new SafeTensorsWriter()
        .metadata(name, "\u0000\"elbo4j.sha256\":\"" + name)
        .f32(name, new int[] {40_961, 1}, weights, 3)
        .f64("moments", new int[] {20_001}, moments, 0)
        .u8("pixels", new int[] {65_537}, pixels, 0)
        .f32("empty", new int[] {4, 0}, new float[0], 0)
        .write(file);
    SafeTensors read = SafeTensors.read(file);
    assertThat(read.metadata(name)).isEqualTo("\u0000\"elbo4j.sha256\":\"" + name);
    float[] back = read.f32(name, 40_961, 1);
    for (int i = 0; i < back.length; i++) {
      assertThat(Float.floatToRawIntBits(back[i]))
          .isEqualTo(Float.floatToRawIntBits(weights[3 + i]));
    }
    double[] moreBack = read.f64("moments", 20_001);
    for (int i = 0; i < moreBack.length; i++) {
      assertThat(Double.doubleToRawLongBits(moreBack[i]))
          .isEqualTo(Double.doubleToRawLongBits(moments[i]));
    }
    assertThat(read.u8("pixels", 65_537)).isEqualTo(pixels);
    assertThat(read.f32("empty", 4, 0)).isEmpty();
  }

  @Test
  void orderOfCallsDoesNotMatter() throws IOException {
    SafeTensorsWriter other =
        new SafeTensorsWriter()
            .f64("m", new int[] {1, 2}, new double[] {0.1, -0.0}, 0)
            .i64("step", new int[] {}, new long[] {-7}, 0)
            .u8("bits", new int[] {3}, new byte[] {0, (byte) 128, (byte) 255}, 0)
            .f32("w", new int[] {2, 2}, new float[] {1, -2, 0.5f, Float.POSITIVE_INFINITY}, 0)
            .metadata("epoch", "3");
    assertThat(bytes(other)).isEqualTo(bytes(golden()));
  }

  @Test
  void anEmptyFileIsAFile() throws IOException {
    Path file = folder.resolve("empty.safetensors");
    new SafeTensorsWriter().write(file);
    assertThat(SafeTensors.read(file).names()).isEmpty();
  }

  @Test
  void accessChecksNameTypeAndShape() throws IOException {
    Path file = folder.resolve("small.safetensors");
    golden().write(file);
    SafeTensors read = SafeTensors.read(file);
    assertThatThrownBy(() -> read.f32("w", 4))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(
            file
                + ": tensor 'w' is F32 [2, 2] and must be F32 [4]: use a checkpoint of the same"
                + " model");
    assertThatThrownBy(() -> read.f64("w", 2, 2)).hasMessageContaining("must be F64 [2, 2]");
    assertThatThrownBy(() -> read.u8("v", 1)).hasMessageContaining("has no tensor 'v'");
    assertThatThrownBy(() -> read.metadata("seed")).hasMessageContaining("no metadata 'seed'");
  }

  @Test
  void theWriterChecksItsArguments() {
    SafeTensorsWriter writer = golden();
    assertThatThrownBy(() -> writer.f32("x", new int[] {2, 3}, new float[6], 1))
        .hasMessage("tensor 'x': shape [2, 3] at offset 1 needs more than the array's 6 elements");
    assertThatThrownBy(() -> writer.f32("x", new int[] {0}, new float[2], 3))
        .hasMessageContaining("at offset 3");
    assertThatThrownBy(() -> writer.u8("x", new int[] {-1}, new byte[2], 0))
        .hasMessageContaining("must have 0 to 2^31-1 elements");
    assertThatThrownBy(() -> writer.u8("x", new int[] {1 << 16, 1 << 16}, new byte[2], 0))
        .hasMessageContaining("must have 0 to 2^31-1 elements");
    assertThatThrownBy(() -> writer.u8("w", new int[] {1}, new byte[1], 0))
        .hasMessage("tensor 'w' is there already");
    assertThatThrownBy(() -> writer.u8("__metadata__", new int[] {1}, new byte[1], 0))
        .hasMessageContaining("reserved");
    assertThatThrownBy(() -> writer.metadata("epoch", "4")).hasMessageContaining("there already");
    assertThatThrownBy(() -> writer.metadata("elbo4j.sha256", "0"))
        .hasMessageContaining("reserved");
    assertThatThrownBy(() -> bytes(new SafeTensorsWriter().metadata("bad \ud800", "")))
        .hasMessageContaining("lone surrogate");
  }

  @Test
  void missingFilesAndFoldersAreNamed() {
    assertThatThrownBy(() -> SafeTensors.read(folder.resolve("none")))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(folder.resolve("none") + ": there is no such file: check the path");
    assertThatThrownBy(() -> SafeTensors.read(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(folder.toString());
  }

  @Test
  void failingToWriteKeepsTheOldFile() throws IOException {
    Path file = folder.resolve("small.safetensors");
    golden().write(file);
    byte[] before = Files.readAllBytes(file);
    float[] data = new float[2];
    SafeTensorsWriter bad = new SafeTensorsWriter().f32("w", new int[] {2}, data, 0);
    assertThatThrownBy(() -> bad.metadata("x\udc00", "").write(file))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    try (var names = Files.list(folder)) {
      assertThat(names).containsExactly(file);
    }
  }
}
