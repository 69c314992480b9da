package io.github.elbo4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NpyTest {
  @TempDir private Path folder;

  private Path file(String header, double... values) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(10 + header.length() + 8 * values.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    bytes.putShort((short) header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
    for (double v : values) {
      bytes.putDouble(v);
    }
    return Files.write(folder.resolve("a.npy"), bytes.array());
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    float[] values = {1, -2.5f, Float.NaN, Float.MIN_VALUE, 3e38f, -0f};
    byte[] bytes = new Npy(2, 3, values).bytes();
    assertThat((bytes.length - 24) % 64).as("the values start at a multiple of 64").isZero();
    Npy read = Npy.read(Files.write(folder.resolve("b.npy"), bytes));
    assertThat(read.rows()).isEqualTo(2);
    assertThat(read.columns()).isEqualTo(3);
    assertThat(read.values()).isEqualTo(values);
  }

  @Test
  void readsDoubles() throws IOException {
    Npy read =
        Npy.read(file("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }\n", 0.1, -7));
    assertThat(read.values()).containsExactly(0.1f, -7f);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {'descr': '<i8', 'fortran_order': False, 'shape': (1, 1), } | must hold <f4 or <f8, it holds <i8
          {'descr': '<f8', 'fortran_order': True, 'shape': (1, 1), }  | must be in C order
          {'descr': '<f8', 'fortran_order': False, 'shape': (1,), }   | must have two dimensions
          {'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), } | has 8 bytes of values, its shape (2, 1) needs 16
          {'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 1), } | is too large
          """)
  void refusesWhatItCannotRead(String header, String problem) throws IOException {
    Path file = file(header, 1);
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> Npy.read(file))
        .withMessageStartingWith(file + ": ")
        .withMessageContaining(problem);
  }

  @Test
  void refusesOtherFiles() throws IOException {
    Path text = Files.writeString(folder.resolve("c.npy"), "z0,z1\n1,2\n");
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> Npy.read(text))
        .withMessage(text + ": is no NPY file of format 1.0");
  }
}
