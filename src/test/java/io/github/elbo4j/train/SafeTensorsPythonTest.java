package io.github.elbo4j.train;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A second reader, in another language and from the format's description alone. */
final class SafeTensorsPythonTest {
  private static final String READER =
      """
      import hashlib, json, re, struct, sys
      raw = open(sys.argv[1], 'rb').read()
      n = struct.unpack('<Q', raw[:8])[0]
      assert n % 8 == 0 and raw[8:9] == b'{'
      header = json.loads(raw[8:8 + n])
      data = raw[8 + n:]
      digest = header['__metadata__'].pop('elbo4j.sha256')
      blank = raw.replace(digest.encode(), b'0' * 64)
      assert hashlib.sha256(blank).hexdigest() == digest
      print(json.dumps(header.pop('__metadata__'), sort_keys=True))
      codes = {'F32': 'f', 'F64': 'd', 'I64': 'q', 'U8': 'B'}
      end = 0
      for name, t in header.items():
          a, b = t['data_offsets']
          assert a == end and a % struct.calcsize(codes[t['dtype']]) == 0
          end = b
          values = [v for v, in struct.iter_unpack('<' + codes[t['dtype']], data[a:b])]
          print(name, t['shape'], values)
      assert end == len(data)
      """;

  @TempDir private Path folder;

  private static String python(String... arguments) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("python3", "-c");
    builder.command().addAll(java.util.List.of(arguments));
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return process.exitValue() + "\n" + output;
  }

  private static boolean hasPython() throws InterruptedException {
    try {
      return python("print('here')").equals("0\nhere\n");
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void readsTheSameValues() throws Exception {
    assumeTrue(hasPython(), "needs python3 on the PATH");
    Path file = folder.resolve("small.safetensors");
    SafeTensorsTest.golden().write(file);
    assertThat(python(READER, file.toString()))
        .isEqualTo(
            """
            0
            {"epoch": "3"}
            m [1, 2] [0.1, -0.0]
            step [] [-7]
            w [2, 2] [1.0, -2.0, 0.5, inf]
            bits [3] [0, 128, 255]
            """);
  }
}
