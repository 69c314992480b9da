package io.github.elbo4j;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds the layering: cli → train → vi → nn → autodiff → kernel → tensor, never the other way. */
class ArchitectureTest {
  private static final String ROOT = "io.github.elbo4j";

  /** Packages that a program may link without a third-party jar. */
  private static final String[] LIBRARY = {
    ROOT + ".tensor..",
    ROOT + ".kernel..",
    ROOT + ".autodiff..",
    ROOT + ".nn..",
    ROOT + ".vi..",
    ROOT + ".data.."
  };

  /** The one package that may use JCuda. */
  private static final String DRIVER = ROOT + ".kernel.cuda..";

  private static JavaClasses classes;

  @BeforeAll
  static void importClasses() {
    classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);
  }

  @Test
  void layersPointDownwards() {
    ArchRule layers =
        layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .withOptionalLayers(true)
            .layer("cli")
            .definedBy(ROOT + ".cli..")
            .layer("train")
            .definedBy(ROOT + ".train..")
            .layer("data")
            .definedBy(ROOT + ".data..")
            .layer("vi")
            .definedBy(ROOT + ".vi..")
            .layer("nn")
            .definedBy(ROOT + ".nn..")
            .layer("autodiff")
            .definedBy(ROOT + ".autodiff..")
            .layer("kernel")
            .definedBy(ROOT + ".kernel..")
            .layer("tensor")
            .definedBy(ROOT + ".tensor..")
            .whereLayer("cli")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("train")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("data")
            .mayOnlyBeAccessedByLayers("cli", "train")
            .whereLayer("vi")
            .mayOnlyBeAccessedByLayers("cli", "train")
            .whereLayer("nn")
            .mayOnlyBeAccessedByLayers("cli", "train", "vi")
            .whereLayer("autodiff")
            .mayOnlyBeAccessedByLayers("cli", "train", "vi", "nn")
            .whereLayer("kernel")
            .mayOnlyBeAccessedByLayers("cli", "train", "data", "vi", "nn", "autodiff");
    layers.check(classes);
  }

  @Test
  void dataNeedsNothingButTensorsAndRandomNumbers() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".data..")
        .should()
        .dependOnClassesThat(
            describe(
                "are of elbo4j, outside data and tensor, and not the random numbers of kernel",
                target ->
                    target.getPackageName().startsWith(ROOT + ".")
                        && Stream.of(".data.", ".tensor.", ".kernel.Philox", ".kernel.NoiseKey")
                            .noneMatch(
                                p -> target.getBaseComponentType().getName().startsWith(ROOT + p))))
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void libraryNeedsNothingButTheJdk() {
    noClasses()
        .that()
        .resideInAnyPackage(LIBRARY)
        .and()
        .resideOutsideOfPackage(DRIVER)
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages(
            ROOT + "..", "java..", "javax..", "jdk.incubator.vector..", "org.jspecify..")
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void theDriverNeedsJcudaToo() {
    noClasses()
        .that()
        .resideInAPackage(DRIVER)
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages(ROOT + "..", "java..", "jcuda..", "org.jspecify..")
        .check(classes);
  }

  /** Callers go through the contract (FooKernels); which implementation runs is the backend's. */
  @Test
  void kernelImplementationsAreSeenByKernelsOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".kernel..")
        .should()
        .dependOnClassesThat(
            describe(
                "implement a kernel family",
                target ->
                    target.getPackageName().startsWith(ROOT + ".kernel.")
                        && target.getName().matches(".*(Reference|Simd|Cuda)(\\$.*)?")))
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void onlyMainEndsTheProcess() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName(ROOT + ".cli.Main")
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .allowEmptyShould(true)
        .check(classes);
  }

  /** A library that prints disturbs whoever links it; the trainer prints through its caller. */
  @Test
  void onlyTheCommandLinePrints() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".cli..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .allowEmptyShould(true)
        .check(classes);
    noClasses()
        .that()
        .resideInAnyPackage(LIBRARY)
        .should()
        .accessField(System.class, "err")
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void everyPackageIsNullMarked() throws IOException {
    Path sources = Path.of("src/main/java");
    try (Stream<Path> tree = Files.walk(sources)) {
      List<Path> unmarked =
          tree.filter(Files::isDirectory)
              .filter(ArchitectureTest::holdsJava)
              .filter(folder -> !isNullMarked(folder.resolve("package-info.java")))
              .toList();
      assertThat(unmarked).as("packages whose package-info lacks @NullMarked").isEmpty();
    }
  }

  private static boolean holdsJava(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file -> file.toString().endsWith(".java"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isNullMarked(Path packageInfo) {
    try {
      return Files.exists(packageInfo) && Files.readString(packageInfo).contains("\n@NullMarked");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * C2 tells by class hierarchy which method of a vector is meant; with a second class of float
   * vectors in the JVM it has to trust its profile instead, and boxes in long loops.
   */
  @Test
  void floatVectorsAreOfOneSpecies() {
    noClasses()
        .that()
        .doNotHaveSimpleName("LaneSystem") // 512 bits, where vectors have more
        .should()
        .accessFieldWhere(
            describe(
                "a species of float vectors other than the preferred one",
                access ->
                    access.getTarget().getOwner().isEquivalentTo(FloatVector.class)
                        && access.getTarget().getName().matches("SPECIES_([0-9]+|MAX)")))
        .check(classes);
  }
}
