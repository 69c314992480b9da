package io.github.elbo4j.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * The IDX container of MNIST (LeCun, Cortes and Burges): two zero bytes, a type code (8 = unsigned
 * byte, the only one read here), the number of dimensions, each dimension as 32 bits big-endian,
 * then the values. Plain or gzip, told apart by the first bytes. A header is never believed: memory
 * grows as bytes really arrive.
 */
final class Idx {
  private static final int UNSIGNED_BYTE = 8;
  private static final int CHUNK = 1 << 20;

  /** A deflate stream unpacks to at most 1,032 times its length. */
  private static final long MAX_RATIO = 1032;

  private final String source;
  private final int[] dims;
  private final byte[] values;

  private Idx(String source, int[] dims, byte[] values) {
    this.source = source;
    this.dims = dims;
    this.values = values;
  }

  /** Where it was read from, for messages. */
  String source() {
    return source;
  }

  int dim(int axis) {
    return dims[axis];
  }

  byte[] values() {
    return values;
  }

  /**
   * Reads a whole file.
   *
   * @param rank wanted number of dimensions
   * @param sha256 wanted SHA-256 of the unpacked file, lower-case hexadecimal, or null
   */
  static Idx read(Path file, int rank, @Nullable String sha256) throws DataException {
    try (InputStream in = Files.newInputStream(file)) {
      return read(
          in, file.toString(), Files.isRegularFile(file) ? Files.size(file) : -1, rank, sha256);
    } catch (DataException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw new DataException(file + ": no such file", e);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e, e);
    }
  }

  /**
   * Reads a stream to its end and closes it.
   *
   * @param length bytes of the (packed) stream, -1 when not known
   */
  static Idx read(InputStream in, String source, long length, int rank, @Nullable String sha256)
      throws DataException {
    try (PushbackInputStream raw =
        new PushbackInputStream(new BufferedInputStream(in, GzipInput.BUFFER), GzipInput.BUFFER)) {
      byte[] start = raw.readNBytes(2);
      raw.unread(start);
      if (start.length == 2 && (start[0] & 0xFF) == 0x1F && (start[1] & 0xFF) == 0x8B) {
        try (GzipInput unpacked = new GzipInput(raw)) {
          return readUnpacked(unpacked, new Reading(source, length, true), rank, sha256);
        }
      }
      return readUnpacked(raw, new Reading(source, length, false), rank, sha256);
    } catch (EOFException e) {
      throw new DataException(
          source + ": gzip data is truncated" + (length < 0 ? "" : " after " + length + " bytes"),
          e);
    } catch (ZipException e) {
      throw new DataException(source + ": gzip data is damaged: " + e.getMessage(), e);
    } catch (DataException e) {
      throw e;
    } catch (IOException e) {
      throw new DataException(source + ": cannot be read: " + e, e);
    }
  }

  /** What is known of the stream that is being read. */
  private record Reading(String source, long length, boolean gzip) {
    DataException fail(String text) {
      return new DataException(source + ": " + text);
    }
  }

  private static Idx readUnpacked(
      InputStream unpacked, Reading reading, int rank, @Nullable String sha256) throws IOException {
    MessageDigest digest = sha256();
    InputStream in = sha256 == null ? unpacked : new DigestInputStream(unpacked, digest);
    int[] dims = header(in, reading, rank);
    byte[] values = body(in, reading, dims);
    if (in.read() >= 0) {
      throw reading.fail(
          "trailing bytes after the %d that the header %s asks for"
              .formatted(values.length, Arrays.toString(dims)));
    }
    if (sha256 != null) {
      String came = HexFormat.of().formatHex(digest.digest());
      if (!came.equals(sha256)) {
        throw reading.fail("SHA-256 of the unpacked bytes is %s, want %s".formatted(came, sha256));
      }
    }
    return new Idx(reading.source(), dims, values);
  }

  private static int[] header(InputStream in, Reading reading, int rank) throws IOException {
    byte[] magic = in.readNBytes(4);
    if (magic.length < 4) {
      throw reading.fail(
          "%d bytes%s, too short for an IDX header"
              .formatted(magic.length, reading.gzip() ? " unpacked" : ""));
    }
    String hex = HexFormat.ofDelimiter(" ").formatHex(magic);
    if (magic[0] != 0 || magic[1] != 0) {
      throw reading.fail(
          "not an IDX file%s: starts with %s, want 00 00 08 %02x"
              .formatted(reading.gzip() ? "" : " and not gzip", hex, rank));
    }
    if (magic[2] != UNSIGNED_BYTE) {
      throw reading.fail("IDX type code is 0x%02x, want 0x08 (unsigned bytes)".formatted(magic[2]));
    }
    if (magic[3] != rank) {
      throw reading.fail(
          "IDX file has %d dimensions, want %d (%s)"
              .formatted(
                  magic[3] & 0xFF, rank, rank == 1 ? "labels" : "images: count, height, width"));
    }
    byte[] sizes = in.readNBytes(4 * rank);
    if (sizes.length < 4 * rank) {
      throw reading.fail(
          "IDX header is truncated: %d bytes, want %d".formatted(4 + sizes.length, 4 + 4 * rank));
    }
    return dimensions(sizes, reading, rank);
  }

  private static int[] dimensions(byte[] sizes, Reading reading, int rank) throws DataException {
    int[] dims = new int[rank];
    long product = 1;
    for (int i = 0; i < rank; i++) {
      long dim = Integer.toUnsignedLong(ByteBuffer.wrap(sizes).getInt(4 * i));
      if (dim == 0) {
        throw reading.fail("is empty: dimension %d of the IDX header is 0".formatted(i + 1));
      }
      // product and dim are below 2^31 and 2^32, so the product of both fits 63 bits
      product *= dim;
      if (product > Integer.MAX_VALUE - 8) {
        throw reading.fail(
            "IDX header asks for at least %d bytes; at most %d fit one set"
                .formatted(product, Integer.MAX_VALUE - 8));
      }
      dims[i] = (int) dim;
    }
    return dims;
  }

  private static byte[] body(InputStream in, Reading reading, int[] dims) throws IOException {
    long wanted = 1;
    for (int dim : dims) {
      wanted *= dim;
    }
    checkLength(reading, dims, wanted);
    boolean exact = !reading.gzip() && reading.length() >= 0;
    byte[] values = new byte[(int) (exact ? wanted : Math.min(wanted, CHUNK))];
    int have = 0;
    while (have < wanted) {
      if (have == values.length) {
        values = Arrays.copyOf(values, (int) Math.min(wanted, 2L * have));
      }
      int n = in.read(values, have, values.length - have);
      if (n < 0) {
        throw reading.fail(
            "truncated: %d bytes%s after the header, which asks for %d %s"
                .formatted(have, reading.gzip() ? " unpacked" : "", wanted, Arrays.toString(dims)));
      }
      have += n;
    }
    return values;
  }

  /** Refuses what the length of the file or of the heap rules out, before anything is allocated. */
  private static void checkLength(Reading reading, int[] dims, long wanted) throws DataException {
    if (reading.length() >= 0) {
      long header = 4 + 4L * dims.length;
      long most = reading.gzip() ? reading.length() * MAX_RATIO : reading.length() - header;
      if (reading.gzip() ? wanted > most : wanted != most) {
        throw reading.fail(
            "IDX header %s asks for %d bytes, but %d %s follow it: %s"
                .formatted(
                    Arrays.toString(dims),
                    wanted,
                    most,
                    reading.gzip() ? "at most" : "bytes",
                    wanted > most ? "truncated" : "trailing bytes"));
      }
    }
    long heap = Runtime.getRuntime().maxMemory();
    if (wanted > heap / 2) {
      throw reading.fail(
          "%d bytes of images need more than half of the heap of %d bytes: raise -Xmx"
              .formatted(wanted, heap));
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
