package io.github.elbo4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The scripts that find a JDK and start the command line, run on made-up JDKs. */
@DisabledOnOs(OS.WINDOWS)
class BuildScriptsTest {
  private static final Path FIND_JDK = Path.of("scripts/find-jdk.sh").toAbsolutePath();
  private static final Path MVN = Path.of("scripts/mvn.sh").toAbsolutePath();
  private static final Path LAUNCHER = Path.of("src/main/launcher/elbo4j").toAbsolutePath();

  @TempDir private Path work;

  @Test
  void saysInOneLineWhatToInstallWhenThereIsNoJdk() throws Exception {
    jdk("jvm/17", "17.0.15", true);
    Result result = run(FIND_JDK, Map.of("ELBO4J_JDK_SEARCH", work + "/none:" + work + "/jvm"));
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.output()).hasSize(1);
    assertThat(result.output().getFirst()).contains("JDK 25").contains("JAVA_HOME");
  }

  @Test
  void takesTheOldestJdkThatIsNewEnough() throws Exception {
    jdk("jvm/a", "26-ea", true);
    jdk("jvm/b c", "25.0.3", true);
    jdk("jvm/d", "1.8.0_402", true);
    Result result = run(FIND_JDK, Map.of("ELBO4J_JDK_SEARCH", work + "/jvm"));
    assertThat(result.output()).containsExactly(work + "/jvm/b c");
  }

  @Test
  void findsAJdkInAMacBundle() throws Exception {
    jdk("jvm/temurin.jdk/Contents/Home", "25", true);
    Result result = run(FIND_JDK, Map.of("ELBO4J_JDK_SEARCH", work + "/jvm"));
    assertThat(result.output()).containsExactly(work + "/jvm/temurin.jdk/Contents/Home");
  }

  @Test
  void asksJavaItselfWhereTheReleaseFileIsMissing() throws Exception {
    jdk("odd", "25.0.1", false);
    Result result = run(FIND_JDK, Map.of("ELBO4J_JDK_SEARCH", work + "/odd"));
    assertThat(result.output()).containsExactly(work + "/odd");
  }

  @Test
  void prefersJavaHomeAndThenTheJavaOnPath() throws Exception {
    jdk("old", "17.0.15", true);
    jdk("home", "26.0.1", true);
    jdk("path", "25.0.3", true);
    String path = work + "/path/bin:" + System.getenv("PATH");
    Result home = run(FIND_JDK, Map.of("JAVA_HOME", work + "/home", "PATH", path));
    assertThat(home.output()).containsExactly(work + "/home");
    Result onPath = run(FIND_JDK, Map.of("JAVA_HOME", work + "/old", "PATH", path));
    assertThat(onPath.output()).containsExactly(work + "/path");
  }

  @Test
  void saysInOneLineThatMavenIsMissing() throws Exception {
    jdk("jdk", "25.0.3", true);
    Path tools = work.resolve("tools");
    for (String tool : List.of("dirname", "sed", "sort", "awk")) {
      executable(tools.resolve(tool), "exec '" + onPath(tool) + "' \"$@\"");
    }
    Result result = run(MVN, Map.of("JAVA_HOME", work + "/jdk", "PATH", tools.toString()), "test");
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.output()).hasSize(1);
    assertThat(result.output().getFirst()).contains("Maven").contains("install");
  }

  @Test
  void launcherFollowsLinksAndHandsEveryArgumentOn() throws Exception {
    Path dist = work.resolve("a dist");
    Path launcher = Files.createDirectories(dist.resolve("bin")).resolve("elbo4j");
    Files.copy(LAUNCHER, launcher);
    executable(dist.resolve("runtime/bin/java"), "printf '%s\\n' \"$@\"; exit 7");
    Path links = Files.createDirectories(work.resolve("links"));
    Files.createSymbolicLink(links.resolve("one"), Path.of("../a dist/bin/elbo4j"));
    Files.createSymbolicLink(links.resolve("two"), links.resolve("one"));

    Map<String, String> options = Map.of("ELBO4J_JAVA_OPTS", "-Xmx1g -Dpattern=*");
    Result result = run(links.resolve("two"), options, "train", "--out", "two words", "*");
    assertThat(result.status()).as("the exit status of java").isEqualTo(7);
    assertThat(result.output())
        .containsSubsequence("--add-modules", "jdk.incubator.vector", "-Xmx1g", "-Dpattern=*")
        .containsSubsequence("-cp", dist.toRealPath() + "/lib/*", "io.github.elbo4j.cli.Main")
        .endsWith("io.github.elbo4j.cli.Main", "train", "--out", "two words", "*");
  }

  @Test
  void launcherGivesJavaALocaleThatCanNameEveryFile() throws Exception {
    Path dist = work.resolve("dist");
    Path launcher = Files.createDirectories(dist.resolve("bin")).resolve("elbo4j");
    Files.copy(LAUNCHER, launcher);
    executable(dist.resolve("runtime/bin/java"), "echo \"$LC_ALL|$LC_CTYPE|$LANG\"");
    for (String[] given :
        new String[][] {
          {"", "", "", "C.UTF-8||"},
          {"C", "", "de_DE.UTF-8", "C.UTF-8||de_DE.UTF-8"},
          {"", "POSIX", "de_DE.UTF-8", "C.UTF-8|POSIX|de_DE.UTF-8"},
          {"", "", "de_DE.UTF-8", "||de_DE.UTF-8"},
          {"", "en_US.utf8", "C", "|en_US.utf8|C"},
          {"de_DE.UTF-8@euro", "C", "C", "de_DE.UTF-8@euro|C|C"},
        }) {
      var locale = Map.of("LC_ALL", given[0], "LC_CTYPE", given[1], "LANG", given[2]);
      assertThat(run(launcher, locale).output()).containsExactly(given[3]);
    }
  }

  /** Makes a folder that looks like a JDK of the given version. */
  private void jdk(String name, String version, boolean release) throws IOException {
    Path home = work.resolve(name);
    String says =
        "echo 'openjdk version \"" + version + "\"' >&2; echo ' java.home = " + home + "'";
    executable(home.resolve("bin/java"), says);
    executable(home.resolve("bin/javac"), "exit 1");
    if (release) {
      Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    }
  }

  private static void executable(Path file, String script) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private static Path onPath(String tool) {
    return Stream.of(System.getenv("PATH").split(":"))
        .map(folder -> Path.of(folder, tool))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow();
  }

  private Result run(Path script, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(arguments));
    Path output = work.resolve("output.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().keySet().removeAll(List.of("JAVA_HOME", "ELBO4J_JDK_SEARCH"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Result(process.exitValue(), Files.readAllLines(output));
  }

  private record Result(int status, List<String> output) {}
}
