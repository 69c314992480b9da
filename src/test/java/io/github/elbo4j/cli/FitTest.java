package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code elbo4j fit}: every pair of model and method, and what is refused. */
final class FitTest {
  @TempDir private Path folder;
  private int runs;

  private Path out() {
    return folder.resolve("fit" + ++runs);
  }

  private Cli.Run fit(String model, String method, String... more) {
    List<String> args = new ArrayList<>(List.of("fit", "--model", model, "--method", method));
    args.addAll(List.of("--out", out().toString()));
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  private Path latest(String file) {
    return folder.resolve("fit" + runs).resolve(file);
  }

  private static double number(Map<String, @Nullable Object> json, String name) {
    return (Double) Objects.requireNonNull(json.get(name), name);
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, @Nullable Object>> parameters(
      Map<String, @Nullable Object> json) {
    return (List<Map<String, @Nullable Object>>)
        Objects.requireNonNull(json.get("parameters"), "parameters");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gmm:3 cavi elbo",
        "gmm:3 em logLikelihood",
        "gmm:2 svi elbo",
        "gmm:3 advi elbo",
        "gmm:3 advi:full elbo",
        "gmm:3 laplace laplaceLogEvidence",
        "gmm:3 svgd:3 steinDiscrepancy",
        "gmm:3 boosting:2 elbo",
        "gmm:3 map logJoint",
        "linear advi elbo",
        "linear advi:full elbo",
        "linear laplace laplaceLogEvidence",
        "linear svgd steinDiscrepancy",
        "linear boosting elbo",
        "linear map logJoint",
        "linear svrg logJoint",
        "logistic advi elbo",
        "logistic advi:full elbo",
        "logistic laplace laplaceLogEvidence",
        "logistic svgd steinDiscrepancy",
        "logistic boosting elbo",
        "logistic map logJoint",
        "logistic svrg logJoint",
        "gp advi elbo",
        "gp advi:full elbo",
        "gp laplace laplaceLogEvidence",
        "gp svgd:5 steinDiscrepancy",
        "gp boosting:2 elbo",
        "gp map logJoint"
      })
  void everyPairThatMakesSenseFits(String pair) throws IOException {
    String[] words = pair.split(" ", -1);
    Map<String, @Nullable Object> json =
        fit(words[0], words[1], "--iterations", "20", "--json").json();
    assertThat(json)
        .containsEntry("model", words[0])
        .containsKeys("method", "data", "rows", "iterations", "converged", "seconds", "out");
    assertThat((String) json.get("data")).startsWith("embedded: ").endsWith("drawn with seed 1");
    assertThat(number(json, words[2])).isFinite();
    assertThat(parameters(json))
        .isNotEmpty()
        .allSatisfy(p -> assertThat(number(p, "mean")).isFinite());

    Map<String, @Nullable Object> stored = Cli.object(Files.readString(latest("fit.json")));
    assertThat(stored).containsEntry("parameters", json.get("parameters")).containsKey("trace");
    assertThat(Files.readAllLines(latest("trace.csv")))
        .hasSizeGreaterThan(1)
        .allSatisfy(line -> assertThat(line).matches("iteration,[A-Za-z]+|[0-9]+,-?[0-9.E-]+"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          linear   | cavi | linear regression has no assignments: its posterior is one Gaussian
          linear   | em   | laplace and advi:full give it exactly
          linear   | svi  | linear regression has no assignments
          logistic | cavi | nor is its likelihood conjugate to a prior; use advi
          logistic | em   | logistic regression has no assignments
          logistic | svi  | logistic regression has no assignments
          gp       | cavi | its function is integrated out and its hyper-parameters enter nonlinearly
          gp       | em   | use map, laplace, advi or advi:full
          gp       | svi  | a Gaussian process has no assignments
          gp       | svrg | the evidence of a Gaussian process couples all of them; use map
          gmm:3    | svrg | a mode for each order of its components; use em, or map
          """)
  void aPairThatMakesNoSenseIsRefusedWithTheReason(String model, String method, String why) {
    assertThat(fit(model, method).refusal(2))
        .contains("--method " + method + " does not fit --model " + model, why);
    assertThat(latest("")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          gmm     | cavi      |                  |     | --model "gmm" must be gmm:K
          gmm:0   | cavi      |                  |     | --model "gmm:0" must be gmm:K
          poisson | advi      |                  |     | linear, logistic or gp
          linear  | hmc       |                  |     | --method "hmc" must be one of cavi, em, svi
          linear  | svgd:1    |                  |     | svgd:PARTICLES (at least 2)
          linear  | advi:many |                  |     | --method "advi:many" must be one of
          linear  | advi      | --tolerance      | 1   | --tolerance is for cavi, em, laplace, map, svrg
          linear  | laplace   | --tolerance      | -1  | --tolerance -1.0 must be at least 0
          linear  | laplace   | --learning-rate  | 1   | --learning-rate is for svi, advi, advi:full, svgd
          linear  | advi      | --learning-rate  | 0   | --learning-rate 0.0 must be above 0
          gmm:3   | cavi      | --batch          | 10  | --batch is for svi; cavi looks at all data
          gmm:3   | svi       | --batch          | 0   | --batch 0 must be at least 1
          linear  | advi      | --iterations     | 0   | --iterations 0 must be at least 1
          linear  | advi      | --prior-variance | NaN | --prior-variance NaN must be above 0
          gp      | map       | --noise-variance | 1   | --noise-variance is for gmm and linear; gp infers it
          logistic| map       | --noise-variance | 1   | logistic has none
          linear  | map       | --noise-variance | 0   | --noise-variance 0.0 must be above 0
          gmm:3   | cavi      | --target         | x   | a mixture uses all columns alike
          linear  | map       | --target         | c   | the embedded data have their own
          linear  | map       | --backend        | simd | fit computes in double on the host
          """)
  void aFlagThatIsWrongOrOfNoUseIsNamed(
      String model, String method, @Nullable String flag, @Nullable String value, String why) {
    Cli.Run run =
        flag == null || value == null ? fit(model, method) : fit(model, method, flag, value);
    assertThat(run.refusal(2)).contains(why, "see elbo4j fit --help");
  }

  @Test
  void caviFindsTheMixtureOfTheIntroduction() {
    Map<String, @Nullable Object> json = fit("gmm:3", "cavi", "--json", "--seed", "3").json();
    assertThat(json).containsEntry("converged", true).containsEntry("rows", 3000L);
    for (int j = 0; j < 3; j++) {
      Map<String, @Nullable Object> mu = parameters(json).get(j);
      assertThat(mu).containsEntry("name", "mu[" + (j + 1) + "].x");
      assertThat(number(mu, "mean")).isCloseTo(5. * (j - 1), within(0.15));
      assertThat(number(mu, "sd")).isCloseTo(1 / Math.sqrt(1000), within(1e-3));
    }
  }

  @Test
  void fullRankAdviAgreesWithTheExactPosteriorItPrints() {
    Cli.Run run = fit("linear", "advi:full", "--json");
    Map<String, @Nullable Object> json = run.json();
    assertThat(number(json, "elbo")).isCloseTo(number(json, "logEvidence"), within(1e-4));
    for (Map<String, @Nullable Object> p : parameters(json)) {
      double sd = number(p, "exactSd");
      assertThat(number(p, "mean")).isCloseTo(number(p, "exactMean"), within(1e-3 * sd));
      assertThat(number(p, "sd")).isCloseTo(sd, within(1e-3 * sd));
    }
  }

  @Test
  void theTextNamesParametersNumbersAndFiles() {
    String text = fit("linear", "laplace").done().out();
    assertThat(text)
        .contains("linear by laplace: 1 iteration, converged", "exact mean", "intercept")
        .contains("ELBO, nats: ", "log evidence, exact: ", "noise variance: 0.25000")
        .contains(latest("fit.json").toString());
    assertThat(fit("logistic", "map", "--iterations", "1").done().out())
        .contains("not converged: raise --iterations");
  }

  @Test
  void theSeedDecidesEverything() throws IOException {
    fit("gp", "advi", "--iterations", "5", "--seed", "9").done();
    byte[] one = Files.readAllBytes(latest("fit.json"));
    fit("gp", "advi", "--iterations", "5", "--seed", "9", "--threads", "1").done();
    assertThat(Files.readAllBytes(latest("fit.json"))).isEqualTo(one);
    fit("gp", "advi", "--iterations", "5", "--seed", "10").done();
    assertThat(Files.readAllBytes(latest("fit.json"))).isNotEqualTo(one);
    String data = csv(line("a,y,b\n")); // the same data, other draws
    List<Object> means = new ArrayList<>();
    for (String seed : List.of("1", "2")) {
      String[] flags = {"--data", data, "--iterations", "5", "--json", "--seed", seed};
      means.add(number(parameters(fit("linear", "svgd:3", flags).json()).getFirst(), "mean"));
    }
    assertThat(means).doesNotHaveDuplicates();
  }

  @Test
  void resultsAreNotOverwritten() {
    String there = folder.resolve("there").toString();
    String[] args = {"fit", "--model", "linear", "--method", "map", "--out", there};
    Cli.run(args).done();
    assertThat(Cli.run(args).refusal(1)).contains(there + " already holds a fit: choose another");
  }

  private String csv(String text) throws IOException {
    Path file = folder.resolve("data" + ++runs + ".csv");
    Files.writeString(file, text);
    return file.toString();
  }

  /** y = 2 + 3·a + noise of variance 0.04, in a column between others. */
  private static String line(String header) {
    SplittableRandom random = new SplittableRandom(1);
    StringBuilder text = new StringBuilder(header);
    for (int i = 0; i < 400; i++) {
      double a = 10 + 4 * random.nextGaussian();
      double y = 2 + 3 * a + 0.2 * random.nextGaussian();
      text.append(a)
          .append(", ")
          .append(y)
          .append(",\"")
          .append(random.nextGaussian())
          .append("\"\n");
    }
    return text.toString();
  }

  @ParameterizedTest
  @CsvSource({"'\uFEFFa,y,\"b, c\"\n',y", "'a,y,b\n',2", "'',column 2"})
  void aRegressionOnACsvFileFindsLineAndNoise(String header, String target) throws IOException {
    String data = csv(line(header));
    Map<String, @Nullable Object> json =
        fit(
                "linear",
                "laplace",
                "--data",
                data,
                "--target",
                target,
                "--prior-variance",
                "1e6",
                "--json")
            .json();
    assertThat((String) json.get("data")).contains(data, "400 rows, 3 columns");
    assertThat(number(json, "noiseVariance")).isCloseTo(0.04, within(0.01));
    double[] truth = {2, 3, 0};
    for (int i = 0; i < 3; i++) {
      Map<String, @Nullable Object> p = parameters(json).get(i);
      assertThat(number(p, "mean")).isCloseTo(truth[i], within(4 * number(p, "sd")));
    }
    assertThat(parameters(json).get(1).get("name")).isEqualTo(header.isEmpty() ? "column 1" : "a");
    assertThat(parameters(json).get(2).get("name"))
        .isEqualTo(header.isEmpty() ? "column 3" : header.contains("c") ? "b, c" : "b");
  }

  /** In units of standard deviations the slope is 3·sd(a)/sd(y), nearly 1. */
  @Test
  void standardisedColumnsHaveNoUnits() throws IOException {
    String data = csv(line("a,y,b\n"));
    Map<String, @Nullable Object> json =
        fit("linear", "map", "--data", data, "--target", "y", "--standardise", "--json").json();
    assertThat(number(parameters(json).get(0), "mean")).isCloseTo(0, within(1e-9));
    assertThat(number(parameters(json).get(1), "mean")).isCloseTo(0.99986, within(2e-4));
    assertThat((String) json.get("data")).endsWith("standardised");
    // the embedded y has variance 2.7, and noise of 0.25
    json = fit("linear", "map", "--standardise", "--json").json();
    assertThat(number(json, "noiseVariance")).isCloseTo(0.25 / 2.7, within(0.02));
    String flat = csv("a,b\n1,2\n1,3\n1,5\n");
    assertThat(fit("linear", "map", "--data", flat, "--standardize").refusal(1))
        .contains("--standardise: a is constant");
  }

  @Test
  void aMixtureOfACsvFileHasAllItsColumns() throws IOException {
    String data = csv("x,y\n0,10\n0.1,10.2\n-0.1,9.8\n8,-3\n8.2,-3.1\n7.8,-2.9\n");
    Map<String, @Nullable Object> json =
        fit("gmm:2", "cavi", "--data", data, "--noise-variance", "0.04", "--json").json();
    double[] truth = {0, 10, 8, -3};
    String[] names = {"mu[1].x", "mu[1].y", "mu[2].x", "mu[2].y"};
    for (int i = 0; i < 4; i++) {
      assertThat(parameters(json).get(i)).containsEntry("name", names[i]);
      assertThat(number(parameters(json).get(i), "mean")).isCloseTo(truth[i], within(0.01));
    }
    assertThat(fit("gmm:7", "em", "--data", data).refusal(1))
        .contains("6 rows are fewer than the 7 components");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          'a,b\n1,2\n3,x\n'       | line 3, column 2 (b): "x" is not a number
          'a,b\n1,2\n3,\n'        | line 3, column 2 (b): "" is not a number
          'a,b\n1,2\n3,1e999\n'   | line 3, column 2 (b): "1e999" is not a number
          'a,b\n1,2\nNaN,2\n'     | line 3, column 1 (a): "NaN" is not a number
          'a,b\n1,2\n\n3\n'       | line 4: has 1 columns, the first line has 2
          '1,2\n3,4,5\n'          | line 2: has 3 columns, the first line has 2
          '1,b\n3,4\n'            | line 1, column 2: "b" is not a number, and with numbers beside it
          'a,b\n'                 | has no rows of numbers
          ''                      | has no rows of numbers
          'a,b\n"1,2\n'           | line 2
          'a\n1\n2\n'             | has one column, want features and a target
          """)
  void aWrongCsvFileIsRefusedByLineAndColumn(String text, String why) throws IOException {
    String data = csv(text.replace("\\n", "\n"));
    assertThat(fit("linear", "map", "--data", data).refusal(1)).contains(data, why);
  }

  @Test
  void aWrongTargetIsRefused() throws IOException {
    String data = csv("a,b,b\n1,2,3\n4,5,6\n");
    assertThat(fit("linear", "map", "--data", data, "--target", "z").refusal(2))
        .contains("--target \"z\" is no column of", "columns are a, b, b, or their numbers 1 to 3");
    assertThat(fit("linear", "map", "--data", data, "--target", "b").refusal(2))
        .contains("--target \"b\" is the name of two columns of");
    assertThat(fit("linear", "map", "--data", data, "--target", "4").refusal(2))
        .contains("no column");
    fit("linear", "map", "--data", data, "--target", "2").done();
    assertThat(fit("logistic", "map", "--data", data).refusal(1))
        .contains("line 2, column 3 (b): 3.0 must be 0 or 1 for logistic regression");
    assertThat(fit("linear", "map", "--data", "nothing.csv").refusal(1)).contains("nothing.csv");
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 2001; i++) {
      many.append(i).append(",0\n");
    }
    assertThat(fit("gp", "map", "--data", csv(many.toString())).refusal(1))
        .contains("2001 rows are more than the 2000 of a Gaussian process");
  }
}
