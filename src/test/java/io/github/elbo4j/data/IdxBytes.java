package io.github.elbo4j.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** Makes IDX files for tests. */
final class IdxBytes {
  private IdxBytes() {}

  /** A whole file: header of the given dimensions, then {@code values}, whatever their number. */
  static byte[] file(byte[] values, int... dims) {
    ByteBuffer out = ByteBuffer.allocate(4 + 4 * dims.length + values.length);
    out.put((byte) 0).put((byte) 0).put((byte) 8).put((byte) dims.length);
    for (int dim : dims) {
      out.putInt(dim);
    }
    return out.put(values).array();
  }

  /** A file of random images. */
  static byte[] images(int count, int height, int width, long seed) {
    return file(random(count * height * width, seed), count, height, width);
  }

  /** A file of labels 0 … 9. */
  static byte[] labels(int count) {
    byte[] values = new byte[count];
    for (int i = 0; i < count; i++) {
      values[i] = (byte) (i % 10);
    }
    return file(values, count);
  }

  static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static byte[] gzip(byte[] plain) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(plain);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toByteArray();
  }

  static byte[] concat(byte[] a, byte[] b) {
    return ByteBuffer.allocate(a.length + b.length).put(a).put(b).array();
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
