package io.github.elbo4j.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The assembler of CUDA 12 that lies in JCuda's natives takes every PTX of the jar: drivers of CUDA
 * 12 hold the same one. {@link PtxTest} asks that of CUDA 13, where it is installed.
 */
class AssemblerTest {
  private static final Path PTX = Path.of("src/main/resources/io/github/elbo4j/cuda");

  @Test
  @Tag("cuda")
  void assemblerOfCuda12TakesEveryModule() throws IOException {
    assembleAll("sm_75");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sm_80", "sm_90"})
  @Tag("verify")
  void alsoForNewerDevices(String architecture) throws IOException {
    assembleAll(architecture);
  }

  /** Tensor cores of TF32 came with 8.0; that one file is not for older devices. */
  private static boolean isFor(Path file, String architecture) {
    return !file.toString().endsWith("_tf32.ptx") || !architecture.equals("sm_75");
  }

  private static void assembleAll(String architecture) throws IOException {
    assumeTrue(loads(), "JCuda has no natives for this platform: its assembler was not asked");
    try (Stream<Path> files = Files.list(PTX)) {
      List<Path> all =
          files
              .filter(p -> p.toString().endsWith(".ptx") && isFor(p, architecture))
              .sorted()
              .toList();
      assertThat(all).hasSizeGreaterThan(20);
      assertThat(all.parallelStream().map(file -> assemble(file, architecture)))
          .as("programs for %s", architecture)
          .allMatch(program -> program.equals("ELF"));
    }
  }

  private static boolean loads() {
    try {
      JNvPTXCompiler.setExceptionsEnabled(false);
      int[] major = new int[1];
      return JNvPTXCompiler.nvPTXCompilerGetVersion(major, new int[1]) == 0 && major[0] >= 7;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  /** What its program begins with, behind a byte; what the assembler says, where there is none. */
  private static String assemble(Path file, String architecture) {
    byte[] ptx = read(file);
    nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
    check(JNvPTXCompiler.nvPTXCompilerCreate(compiler, ptx.length, ptx), "Create");
    try {
      String[] options = {"--gpu-name=" + architecture, "--opt-level=0"}; // taken, not made fast
      int code = JNvPTXCompiler.nvPTXCompilerCompile(compiler, options.length, options);
      long[] size = new long[1];
      if (code != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
        check(JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(compiler, size), "GetErrorLogSize");
        byte[] log = new byte[Math.toIntExact(size[0]) + 1];
        check(JNvPTXCompiler.nvPTXCompilerGetErrorLog(compiler, log), "GetErrorLog");
        return file
            + ": "
            + nvPTXCompileResult.stringFor(code)
            + " "
            + new String(log, StandardCharsets.UTF_8);
      }
      check(JNvPTXCompiler.nvPTXCompilerGetCompiledProgramSize(compiler, size), "ProgramSize");
      byte[] program = new byte[Math.toIntExact(size[0])];
      check(JNvPTXCompiler.nvPTXCompilerGetCompiledProgram(compiler, program), "Program");
      return new String(program, 1, 3, StandardCharsets.US_ASCII);
    } finally {
      check(JNvPTXCompiler.nvPTXCompilerDestroy(compiler), "Destroy");
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void check(int code, String call) {
    assertThat(code).as("nvPTXCompiler%s", call).isZero();
  }
}
