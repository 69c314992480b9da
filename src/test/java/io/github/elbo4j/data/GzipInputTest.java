package io.github.elbo4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;

class GzipInputTest {
  private static final byte[] PLAIN = IdxBytes.random(300_000, 5);
  private static final byte[] PACKED = IdxBytes.gzip(PLAIN);

  private static byte[] unpack(byte[] packed) throws IOException {
    try (GzipInput in =
        new GzipInput(
            new PushbackInputStream(new ByteArrayInputStream(packed), GzipInput.BUFFER))) {
      return in.readAllBytes();
    }
  }

  @Test
  void unpacksMembersOneAfterAnother() throws IOException {
    assertThat(unpack(PACKED)).isEqualTo(PLAIN);
    byte[] small = IdxBytes.gzip(new byte[] {1, 2, 3});
    byte[] empty = IdxBytes.gzip(new byte[0]);
    byte[] three = IdxBytes.concat(IdxBytes.concat(PACKED, empty), small);
    assertThat(unpack(three)).isEqualTo(IdxBytes.concat(PLAIN, new byte[] {1, 2, 3}));
  }

  @Test
  void skipsWhatAHeaderMayHold() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(new byte[] {0x1F, (byte) 0x8B, 8, 2 + 4 + 8 + 16, 1, 2, 3, 4, 0, 3});
    out.write(new byte[] {3, 0, 9, 9, 9}); // extra field of 3 bytes
    out.write("name\0comment\0".getBytes(StandardCharsets.US_ASCII));
    out.write(new byte[] {0, 0}); // header checksum
    out.write(PACKED, 10, PACKED.length - 10);
    assertThat(unpack(out.toByteArray())).isEqualTo(PLAIN);
  }

  @Test
  void refusesDamage() {
    assertThatThrownBy(() -> unpack(IdxBytes.concat(PACKED, new byte[] {0x1F})))
        .isInstanceOf(EOFException.class);
    assertThatThrownBy(() -> unpack(IdxBytes.concat(PACKED, new byte[] {7})))
        .isInstanceOf(ZipException.class)
        .hasMessageContaining("trailing");
    assertThatThrownBy(() -> unpack(Arrays.copyOf(PACKED, PACKED.length - 4)))
        .isInstanceOf(EOFException.class);
    byte[] wrongCrc = PACKED.clone();
    wrongCrc[wrongCrc.length - 8] ^= 1;
    assertThatThrownBy(() -> unpack(wrongCrc)).hasMessageContaining("checksum");
    byte[] wrongLength = PACKED.clone();
    wrongLength[wrongLength.length - 1] ^= 1;
    assertThatThrownBy(() -> unpack(wrongLength)).hasMessageContaining("length");
    byte[] wrongMethod = PACKED.clone();
    wrongMethod[2] = 7;
    assertThatThrownBy(() -> unpack(wrongMethod)).hasMessageContaining("header");
  }
}
