package io.github.elbo4j.train;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AtomicFilesTest {
  @TempDir private Path folder;
  private Path target = Path.of("");

  @BeforeEach
  void writeOld() throws IOException {
    target = folder.resolve("target");
    Files.writeString(target, "old");
  }

  private List<Path> files() throws IOException {
    try (var names = Files.list(folder)) {
      return names.toList();
    }
  }

  @Test
  void replacesTheTargetAndLeavesNothingElse() throws IOException {
    AtomicFiles.write(target, "new".getBytes(UTF_8));
    assertThat(target).hasContent("new");
    assertThat(files()).containsExactly(target);
    Path fresh = folder.resolve("fresh");
    AtomicFiles.write(fresh, "first".getBytes(UTF_8));
    assertThat(fresh).hasContent("first");
  }

  @Test
  void theOldContentIsThereUntilAllIsWritten() throws IOException {
    AtomicReference<String> seen = new AtomicReference<>("");
    AtomicFiles.write(
        target,
        out -> {
          out.write("new".getBytes(UTF_8));
          out.flush();
          seen.set(Files.readString(target));
        });
    assertThat(seen).hasValue("old");
    assertThat(target).hasContent("new");
  }

  @Test
  void anIoFailureKeepsTheOldFileAndNamesIt() throws IOException {
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    target,
                    out -> {
                      out.write(1);
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage(target + ": cannot be written: No space left on device");
    assertThat(target).hasContent("old");
    assertThat(files()).containsExactly(target);
  }

  @Test
  void anUncheckedFailureKeepsTheOldFileToo() throws IOException {
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    target,
                    out -> {
                      out.write(1);
                      throw new IllegalStateException("bug");
                    }))
        .hasMessage("bug");
    assertThat(target).hasContent("old");
    assertThat(files()).containsExactly(target);
  }

  @Test
  void aMissingFolderIsNamed() {
    Path nowhere = folder.resolve("none").resolve("file");
    assertThatThrownBy(() -> AtomicFiles.write(nowhere, new byte[0]))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(nowhere + ": cannot be written: NoSuchFileException");
  }

  @Test
  void aFolderAsTargetStays() throws IOException {
    Path inner = folder.resolve("inner");
    Files.createDirectories(inner.resolve("deep"));
    assertThatThrownBy(() -> AtomicFiles.write(inner, new byte[0]))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(inner + ": cannot be written: ");
    assertThat(inner.resolve("deep")).isDirectory();
    assertThat(files()).containsExactlyInAnyOrder(target, inner);
  }

  @Test
  void theNextWriteRemovesWhatAKilledProcessLeft() throws IOException {
    Path leftover = Files.writeString(folder.resolve(".target.1234.part"), "half");
    Path foreign = Files.writeString(folder.resolve(".other.1234.part"), "half");
    AtomicFiles.write(target, "new".getBytes(UTF_8));
    assertThat(leftover).doesNotExist();
    assertThat(foreign).exists();
  }

  @Test
  void theNextWriteLeavesWhatALivingProcessWrites() throws Exception {
    Process other = new ProcessBuilder("sleep", "60").start();
    Path theirs = Files.createFile(folder.resolve(".target." + other.pid() + "-1.part"));
    Path ours =
        Files.createFile(folder.resolve(".target." + ProcessHandle.current().pid() + "-1.part"));
    try {
      AtomicFiles.write(target, "new".getBytes(UTF_8));
      assertThat(theirs).exists();
      assertThat(ours).as("of an earlier process with our number").doesNotExist();
    } finally {
      other.destroyForcibly().waitFor();
    }
    AtomicFiles.write(target, "newer".getBytes(UTF_8));
    assertThat(theirs).doesNotExist();
  }

  @Test
  void aFailureToClearUpDoesNotHideTheReason() {
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    target,
                    out -> {
                      Path part =
                          files().stream().filter(f -> !f.equals(target)).findFirst().orElseThrow();
                      Files.delete(part);
                      Files.createDirectories(part.resolve("so that it cannot be deleted"));
                      throw new IOException("No space left on device");
                    }))
        .hasMessage(target + ": cannot be written: No space left on device")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    assertThat(target).hasContent("old");
  }

  @Test
  void doubtIsNotTakenForAbsence() throws IOException {
    assertThat(AtomicFiles.exists(target)).isTrue();
    assertThat(AtomicFiles.exists(folder.resolve("none"))).isFalse();
    assertThatThrownBy(() -> AtomicFiles.exists(folder.resolve("n".repeat(300))))
        .isInstanceOf(IOException.class);
  }

  @Test
  void nestedWritesOfOneTargetDoNotHarmEachOther() throws IOException {
    AtomicFiles.write(
        target,
        out -> {
          AtomicFiles.write(target, "inner".getBytes(UTF_8));
          out.write("outer".getBytes(UTF_8));
        });
    assertThat(target).hasContent("outer");
    assertThat(files()).containsExactly(target);
  }
}
