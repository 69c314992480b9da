package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.SpecText;
import io.github.elbo4j.vi.objective.Objectives;
import io.github.elbo4j.vi.posterior.Posteriors;
import io.github.elbo4j.vi.prior.Priors;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HelpTest {
  /** What each parser knows. */
  static final Map<String, List<String>> FORMS =
      Map.of(
          "posterior", SpecText.forms(Posteriors.HELP),
          "prior", SpecText.forms(Priors.HELP),
          "likelihood", LikelihoodSpec.FORMS,
          "objective", Objectives.FORMS,
          "estimator", Objectives.ESTIMATORS);

  private static final List<String> COMMANDS =
      List.of("train", "evaluate", "sample", "reconstruct", "fit", "info", "selfcheck");

  @ParameterizedTest
  @ValueSource(strings = {"--help", "-h", "help"})
  void listsTheCommands(String flag) {
    Cli.Run help = Cli.run(flag).done();
    assertThat(help.out()).containsOnlyOnce("Usage: elbo4j").contains(COMMANDS);
    assertThat(help.err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "evaluate", "sample", "reconstruct", "fit", "info", "selfcheck"})
  void everyCommandHasHelpAndTheCommonFlags(String command) {
    String help = Cli.run(command, "--help").done().out();
    assertThat(help)
        .startsWith("Usage: elbo4j " + command)
        .contains("--backend", "--threads", "--seed", "--json", "--verbose");
    assertThat(Cli.run("help", command).done().out()).isEqualTo(help);
  }

  @Test
  void trainNamesEveryFlagOfTheContract() {
    assertThat(Cli.run("train", "--help").done().out())
        .contains("--data", "--out", "--epochs", "--batch", "--learning-rate", "--hidden")
        .contains("--latent", "--activation", "--likelihood", "--posterior", "--objective")
        .contains("--estimator", "--binarize", "--config", "--resume");
  }

  /** Beside each flag the help explains every form that its parser knows. */
  @Test
  void trainExplainsEveryForm() {
    String help = Cli.run("train", "--help").done().out();
    FORMS.forEach(
        (flag, forms) -> {
          int start = help.indexOf("\n      --" + flag + "=");
          int end = help.indexOf("\n      --", start + 1);
          String told = help.substring(help.indexOf("=", start), end).replaceAll("\\s+", " ");
          for (String form : forms) {
            String name = Pattern.quote(form.split("[:\\[]", 2)[0]);
            assertThat(told).as("--%s %s", flag, form).containsPattern(" " + name + "[:\\[,;) ]");
          }
          assertThat(told.split(": ", -1).length)
              .as("explanations of --%s", flag)
              .isGreaterThan(forms.size() / 3);
        });
  }

  @Test
  void saysItsVersion() {
    assertThat(Cli.run("--version").done().out()).matches("elbo4j \\S+\\R");
  }

  @Test
  void aMissingOrUnknownCommandIsWrongUsage() {
    assertThat(Cli.run().refusal(2)).contains("a command is missing", "elbo4j --help");
    assertThat(Cli.run("trian").refusal(2)).contains("trian", "elbo4j --help");
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "evaluate", "sample", "reconstruct", "fit", "info", "selfcheck"})
  void anUnknownFlagIsNamed(String command) {
    assertThat(Cli.run(command, "--no-such-flag").refusal(2))
        .contains("--no-such-flag", "see elbo4j " + command + " --help");
  }

  @Test
  void aMissingRequiredFlagIsNamed() {
    assertThat(Cli.run("train", "--data", "embedded").refusal(2)).contains("--out");
    for (String command : List.of("evaluate", "sample", "reconstruct")) {
      assertThat(Cli.run(command).refusal(2)).contains("--run");
    }
  }
}
