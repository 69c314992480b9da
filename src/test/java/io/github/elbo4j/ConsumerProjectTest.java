package io.github.elbo4j;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Links the program in {@code consumer/} the way a stranger does: our classes in a jar, and nothing
 * else on the class path of compiler and JVM.
 */
class ConsumerProjectTest {
  private static final List<String> VECTOR = List.of("--add-modules", "jdk.incubator.vector");

  @TempDir private static Path work;
  private static Path jar = Path.of("");
  private static Path program = Path.of("");

  @BeforeAll
  static void buildConsumer() throws IOException {
    jar = work.resolve("elbo4j.jar");
    program = work.resolve("program");
    tool("jar", "--create", "--file", jar.toString(), "-C", "target/classes", ".");

    List<String> arguments =
        new ArrayList<>(List.of("-Xlint:all", "-Werror", "-proc:none", "--release", "25"));
    arguments.addAll(List.of("-cp", jar.toString(), "-d", program.toString()));
    try (Stream<Path> sources = Files.walk(Path.of("consumer/src/main/java"))) {
      sources.map(Path::toString).filter(name -> name.endsWith(".java")).forEach(arguments::add);
    }
    tool("javac", arguments.toArray(String[]::new));
  }

  @Test
  void runsOnSimdKernelsWithOurJarAlone() throws Exception {
    assertThat(run(VECTOR)).contains("backend simd").contains("gradient check passed");
  }

  @Test
  void runsOnTheReferenceWithoutTheIncubatorModule() throws Exception {
    assertThat(run(List.of())).contains("backend reference").contains("gradient check passed");
  }

  /** Each line of the README's Java is a line of the program that the tests build. */
  @Test
  void theReadmeShowsThisProgram() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    int start = readme.indexOf("```java");
    String shown = readme.substring(start + 7, readme.indexOf("```", start + 7));
    List<String> program =
        Files.readAllLines(Path.of("consumer/src/main/java/example/Main.java")).stream()
            .map(String::strip)
            .toList();
    assertThat(shown.lines().map(String::strip).filter(l -> !l.isEmpty()).toList())
        .hasSizeGreaterThan(20)
        .allSatisfy(line -> assertThat(program).contains(line));
  }

  @Test
  void everyDependencyOfAUserIsOptional() throws Exception {
    Element project =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new File("pom.xml"))
            .getDocumentElement();
    List<String> inherited = new ArrayList<>();
    Element dependencies = (Element) project.getElementsByTagName("dependencies").item(0);
    NodeList entries = dependencies.getElementsByTagName("dependency");
    for (int i = 0; i < entries.getLength(); i++) {
      Element entry = (Element) entries.item(i);
      if (!text(entry, "scope").equals("test") && !text(entry, "optional").equals("true")) {
        inherited.add(text(entry, "artifactId"));
      }
    }
    assertThat(entries.getLength()).isGreaterThan(4);
    assertThat(inherited).as("dependencies that whoever links elbo4j would inherit").isEmpty();
  }

  private static String text(Element parent, String name) {
    NodeList found = parent.getElementsByTagName(name);
    return found.getLength() == 0 ? "" : found.item(0).getTextContent().strip();
  }

  private static void tool(String name, String... arguments) {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(log, true, UTF_8);
    int status = ToolProvider.findFirst(name).orElseThrow().run(out, out, arguments);
    assertThat(status).as("%s says: %s", name, log.toString(UTF_8)).isZero();
  }

  private static String run(List<String> options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", jar + File.pathSeparator + program, "example.Main"));
    Path output = work.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(60, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly();
    }
    String said = Files.readString(output);
    assertThat(ended).as("ended within a minute: %s", said).isTrue();
    assertThat(process.exitValue()).as("exit status of: %s", said).isZero();
    return said;
  }
}
