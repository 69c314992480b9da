package io.github.elbo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.objective.Objectives;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HelpTest {
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

  /** The help names every objective, estimator and likelihood that the parsers know. */
  @Test
  void trainExplainsEveryForm() {
    String help = Cli.run("train", "--help").done().out();
    List<String> forms = new ArrayList<>(Objectives.FORMS);
    forms.addAll(Objectives.ESTIMATORS);
    forms.addAll(LikelihoodSpec.FORMS);
    for (String form : forms) {
      assertThat(help).contains(form.substring(0, (form + ":").indexOf(':')));
    }
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
