package io.github.elbo4j.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.PushbackInputStream;
import java.util.zip.CRC32;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/**
 * Unpacks gzip (RFC 1952, any number of members) to its very end. The JDK's own stream drops bytes
 * that follow the last member; a data file with such bytes is damaged, so here they are an error.
 */
final class GzipInput extends InflaterInputStream {
  static final int BUFFER = 1 << 16;
  private static final int HEADER_CRC = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;
  private static final int RESERVED = 0xE0;

  private final PushbackInputStream source;
  private final CRC32 crc = new CRC32();
  private boolean done;

  /** Reads the first header; {@code source} can take back {@link #BUFFER} bytes. */
  GzipInput(PushbackInputStream source) throws IOException {
    super(source, new Inflater(true), BUFFER);
    this.source = source;
    try {
      header();
    } catch (IOException e) {
      inf.end();
      throw e;
    }
  }

  @Override
  public int read(byte[] out, int from, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (!done) {
      int n = super.read(out, from, length);
      if (n > 0) {
        crc.update(out, from, n);
        return n;
      }
      endMember();
    }
    return -1;
  }

  @Override
  public void close() throws IOException {
    super.close();
    inf.end(); // the parent ends only an inflater of its own making
  }

  private void endMember() throws IOException {
    if (!inf.finished()) {
      throw new ZipException("gzip data asks for a preset dictionary");
    }
    source.unread(buf, len - inf.getRemaining(), inf.getRemaining());
    if (little(4) != crc.getValue()) {
      throw new ZipException("gzip checksum does not match the data");
    }
    if (little(4) != (inf.getBytesWritten() & 0xFFFFFFFFL)) {
      throw new ZipException("gzip length does not match the data");
    }
    int next = source.read();
    if (next < 0) {
      done = true;
      return;
    }
    source.unread(next);
    if (next != 0x1F) {
      throw new ZipException("trailing bytes after the gzip data");
    }
    header();
    inf.reset();
    crc.reset();
  }

  private void header() throws IOException {
    if (little(2) != 0x8B1F || one() != 8) {
      throw new ZipException("gzip header is damaged");
    }
    int flags = one();
    if ((flags & RESERVED) != 0) {
      throw new ZipException("gzip header has unknown flags");
    }
    skip(6); // time, extra flags, operating system
    if ((flags & EXTRA) != 0) {
      skip((int) little(2));
    }
    if ((flags & NAME) != 0) {
      skipText();
    }
    if ((flags & COMMENT) != 0) {
      skipText();
    }
    if ((flags & HEADER_CRC) != 0) {
      skip(2);
    }
  }

  private void skipText() throws IOException {
    while (one() != 0) {
      // up to the terminating zero
    }
  }

  private void skip(int bytes) throws IOException {
    for (int i = 0; i < bytes; i++) {
      one();
    }
  }

  private long little(int bytes) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (long) one() << (8 * i);
    }
    return value;
  }

  private int one() throws IOException {
    int value = source.read();
    if (value < 0) {
      throw new EOFException("gzip data ends early");
    }
    return value;
  }
}
