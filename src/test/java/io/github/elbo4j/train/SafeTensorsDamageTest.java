package io.github.elbo4j.train;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever happens to a file, reading refuses it with one line. */
final class SafeTensorsDamageTest {
  private static final String ZEROS = "0".repeat(64);
  private static final String META = "'__metadata__':{'elbo4j.sha256':'" + ZEROS + "'}";

  @TempDir private Path folder;
  private Path file = Path.of("");
  private byte[] good = {};

  @BeforeEach
  void writeGoodFile() throws IOException {
    file = folder.resolve("damaged.safetensors");
    good = SafeTensorsTest.bytes(SafeTensorsTest.golden());
  }

  private void assertRefused(byte[] bytes, String what) throws IOException {
    Files.write(file, bytes);
    assertThatThrownBy(() -> SafeTensors.read(file))
        .as(what)
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(file + ": damaged, ")
        .hasMessageEndingWith(": use an undamaged copy that elbo4j wrote")
        .message()
        .doesNotContain("\n", "\r");
  }

  @Test
  void truncatedAtAnyByte() throws IOException {
    for (int length = 0; length < good.length; length++) {
      assertRefused(Arrays.copyOf(good, length), "truncated to " + length);
    }
  }

  @Test
  void anyByteFlippedInLengthHeaderPaddingOrData() throws IOException {
    for (int i = 0; i < good.length; i++) {
      for (int mask : new int[] {0x01, 0x20, 0x80, 0xFF}) { // 0x20: a letter's case
        byte[] bad = good.clone();
        bad[i] ^= (byte) mask;
        assertRefused(bad, "byte " + i + " flipped by " + mask);
      }
    }
  }

  @Test
  void anyHeaderByteReplacedByAnyJsonCharacter() throws IOException {
    byte[] characters = " \t\n\"'{}[]:,09-.eEtfn\\/x\0\u007f".getBytes(ISO_8859_1);
    for (int i = 8; i < good.length - 43; i += 7) {
      for (byte c : characters) {
        if (good[i] != c) {
          byte[] bad = good.clone();
          bad[i] = c;
          assertRefused(bad, "byte " + i + " is now " + c);
        }
      }
    }
  }

  @Test
  void bytesAppendedInsertedRemovedOrShuffled() throws IOException {
    Random random = new Random(1);
    for (int round = 0; round < 1000; round++) {
      byte[] bad = mutate(good, random);
      if (!Arrays.equals(bad, good)) {
        assertRefused(bad, "round " + round);
      }
    }
  }

  /** With the checksum made right again, the structure's own checks must hold. */
  @Test
  void mutatedHeadersWithARightChecksumNeverBreakTheReader() throws IOException {
    Random random = new Random(2);
    byte[] header = Arrays.copyOfRange(good, 8, good.length - 43);
    byte[] data = Arrays.copyOfRange(good, good.length - 43, good.length);
    String blank = new String(header, ISO_8859_1).replaceFirst("[0-9a-f]{64}", ZEROS);
    int accepted = 0;
    for (int round = 0; round < 1000; round++) {
      byte[] bad = mutate(blank.getBytes(ISO_8859_1), random);
      Files.write(file, signed(new String(bad, ISO_8859_1), data));
      try {
        assertThat(SafeTensors.read(file).names().size()).isLessThanOrEqualTo(5);
        accepted++; // a changed name or more padding is another valid file
      } catch (CheckpointException e) {
        assertThat(e.getMessage()).startsWith(file + ": damaged, ").doesNotContain("\n", "\r");
      }
    }
    assertThat(accepted).isBetween(1, 500);
  }

  private static byte[] mutate(byte[] bytes, Random random) {
    int at = random.nextInt(bytes.length);
    int to = at + random.nextInt(Math.min(16, bytes.length - at));
    ByteBuffer out = ByteBuffer.allocate(bytes.length + 64);
    switch (random.nextInt(5)) {
      case 0 -> {
        byte[] junk = new byte[1 + random.nextInt(16)];
        random.nextBytes(junk);
        out.put(bytes, 0, at).put(junk).put(bytes, at, bytes.length - at);
      }
      case 1 -> out.put(bytes, 0, at).put(bytes, to, bytes.length - to);
      case 2 -> out.put(bytes, 0, to).put(bytes, at, bytes.length - at); // repeats at … to
      case 3 -> {
        out.put(bytes).put(at, (byte) random.nextInt(256));
        out.put(random.nextInt(bytes.length), (byte) random.nextInt(256));
      }
      default -> out.put(bytes).put(at, bytes[to]).put(to, bytes[at]);
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          [META]                                                                       | 0 | does not start with '{'
          {META,META}                                                                  | 0 | has '__metadata__' twice
          {META}{}                                                                     | 0 | goes on after its JSON object
          {META                                                                        | 0 | is not valid JSON
          {META,'a':1}                                                                 | 0 | tensor 'a' must be an object
          {'__metadata__':[]}                                                          | 0 | __metadata__ must be an object
          {'__metadata__':{'a':1}}                                                     | 0 | __metadata__ 'a' must be a string
          {'__metadata__':{'a':'','a':''}}                                             | 0 | __metadata__ has 'a' twice
          {}                                                                           | 0 | it has no checksum
          {'__metadata__':{'elbo4j.sha256':'0'}}                                       | 0 | it has no checksum
          {'__metadata__':{'elbo4j.sha256':'xyz0000000000000000000000000000000000000000000000000000000000000'}} | 0 | must be 64 lower-case hex digits
          {META,'a':{'dtype':'F32','shape':[1]}}                                       | 4 | needs dtype, shape and data_offsets
          {META,'a':{'dtype':'F32','shape':[1],'data_offsets':[0]}}                    | 4 | needs dtype, shape and data_offsets
          {META,'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'x':0}}            | 4 | unknown key 'x'
          {META,'a':{'dtype':'F32','dtype':'F32','shape':[1],'data_offsets':[0,4]}}    | 4 | has 'dtype' twice
          {META,'a':{'dtype':'F16','shape':[2],'data_offsets':[0,4]}}                  | 4 | dtype 'F16' must be one of
          {META,'a':{'dtype':32,'shape':[1],'data_offsets':[0,4]}}                     | 4 | dtype must be a string
          {META,'a':{'dtype':'F32','shape':1,'data_offsets':[0,4]}}                    | 4 | shape must be a list
          {META,'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}}                 | 4 | from 0 to 2^63-1
          {META,'a':{'dtype':'F32','shape':[1.0],'data_offsets':[0,4]}}                | 4 | from 0 to 2^63-1
          {META,'a':{'dtype':'F32','shape':[1],'data_offsets':[0,18446744073709551620]}} | 4 | from 0 to 2^63-1
          {META,'a':{'dtype':'F32','shape':[65536,65536],'data_offsets':[0,4]}}        | 4 | more than 2^31-1 elements
          {META,'a':{'dtype':'F32','shape':[2147483648,0],'data_offsets':[0,0]}}       | 0 | more than 2^31-1 elements
          {META,'a':{'dtype':'F32','shape':[9223372036854775807,2],'data_offsets':[0,4]}} | 4 | more than 2^31-1 elements
          {META,'a':{'dtype':'F32','shape':[1],'data_offsets':[0,8]}}                  | 8 | must span the 4 bytes
          {META,'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}}                  | 4 | must span the 4 bytes
          {META,'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}                  | 8 | without hole or overlap
          {META,'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]},'b':{'dtype':'U8','shape':[2],'data_offsets':[1,3]}} | 3 | without hole or overlap
          {META,'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]},'b':{'dtype':'U8','shape':[2],'data_offsets':[3,5]}} | 5 | without hole or overlap
          {META,'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]},'a':{'dtype':'U8','shape':[2],'data_offsets':[2,4]}} | 4 | has 'a' twice
          {META,'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]}}                   | 3 | header describes
          {META,'a':{'dtype':'U8','shape':[2147483647],'data_offsets':[0,2147483647]}} | 3 | header describes
          """)
  void malformedHeadersWithARightChecksum(String header, int dataBytes, String problem)
      throws IOException {
    String json = header.replace("META", META).replace('\'', '"');
    Files.write(file, signed(json, new byte[dataBytes]));
    assertThatThrownBy(() -> SafeTensors.read(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(problem);
  }

  /** So the table above refuses for the reason it states and not for its checksum. */
  @Test
  void theHandSignedFileItselfIsAccepted() throws IOException {
    String header = "{'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]}, " + META + "}";
    Files.write(file, signed(header.replace('\'', '"'), new byte[] {4, 5}));
    assertThat(SafeTensors.read(file).u8("a", 2)).containsExactly(4, 5);
  }

  @Test
  void invalidUtf8AndDeepNesting() throws IOException {
    assertRefused(signed("{\"\u00ff\":{}}", new byte[0]), "a lone byte 255");
    assertRefused(signed("{\"a\":" + "[".repeat(100_000), new byte[0]), "nested");
    assertRefused(
        signed("{\"a\\u000a\\u001b[2J\":1}", new byte[0]), "a name with control characters");
  }

  @Test
  void absurdHeaderLengthsAllocateNothing() throws IOException {
    for (long length : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 40, 100_000_001}) {
      byte[] bad = good.clone();
      ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
      assertRefused(bad, "a header of " + length);
    }
  }

  /** A file with this header (each character a byte), its checksum put in if it has 64 zeros. */
  private static byte[] signed(String header, byte[] data) {
    byte[] text = header.getBytes(ISO_8859_1);
    byte[] file =
        ByteBuffer.allocate(8 + text.length + data.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(text.length)
            .put(text)
            .put(data)
            .array();
    int digits = header.indexOf(ZEROS);
    if (digits >= 0) {
      byte[] hex = HexFormat.of().formatHex(sha256(file)).getBytes(UTF_8);
      System.arraycopy(hex, 0, file, 8 + digits, hex.length);
    }
    return file;
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
