package io.github.elbo4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.elbo4j.vi.LikelihoodSpec;
import io.github.elbo4j.vi.SpecText;
import io.github.elbo4j.vi.objective.Objectives;
import io.github.elbo4j.vi.posterior.Posteriors;
import io.github.elbo4j.vi.prior.Priors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/** Every combination of the five flags that compose a training, small enough to be tried. */
final class CombinationMatrix {
  /**
   * What may stand behind each flag.
   *
   * @param key of the configuration
   * @param examples values that are small, at least one of each form
   */
  record Axis(String key, List<String> examples) {
    /** Examples of each form that a parser knows. */
    static Axis of(String key, List<String> forms, Map<String, List<String>> examples) {
      assertThat(forms.stream().filter(f -> !examples.containsKey(f)))
          .as("forms of --%s that CombinationMatrix has no example of", key)
          .isEmpty();
      return new Axis(
          key, forms.stream().flatMap(f -> examples.getOrDefault(f, List.of()).stream()).toList());
    }
  }

  /** A value for each axis, in the order of {@link #AXES}. */
  record Combination(List<String> values) {
    RunConfigBuilder on(RunConfigBuilder config) {
      for (int a = 0; a < AXES.size(); a++) {
        config.set(AXES.get(a).key(), values.get(a));
      }
      return config;
    }

    /** On a model of a few units. */
    RunConfig config() {
      return on(RunConfig.builder())
          .set("batch", 8)
          .set("latent", 3)
          .set("hidden", List.of(6))
          .set("learning-rate", 0.01)
          .build();
    }

    @Override
    public String toString() {
      StringBuilder flags = new StringBuilder();
      for (int a = 0; a < AXES.size(); a++) {
        flags.append(" --").append(AXES.get(a).key()).append(' ').append(values.get(a));
      }
      return flags.substring(1);
    }
  }

  private static final Axis POSTERIOR =
      Axis.of(
          "posterior",
          SpecText.forms(Posteriors.HELP),
          Map.ofEntries(
              Map.entry("diagonal", List.of("diagonal")),
              Map.entry("full", List.of("full")),
              Map.entry("planar:STEPS[:shared]", List.of("planar:2", "planar:2:shared")),
              Map.entry("radial:STEPS[:shared]", List.of("radial:2", "radial:2:shared")),
              Map.entry(
                  "householder:STEPS[:shared]", List.of("householder:2", "householder:2:shared")),
              Map.entry("sylvester:STEPS[:shared]", List.of("sylvester:2", "sylvester:2:shared")),
              Map.entry("nice:STEPS[:WIDTH]", List.of("nice:2:4")),
              Map.entry("realnvp:STEPS[:WIDTH]", List.of("realnvp:2:4")),
              Map.entry("spline:STEPS[:WIDTH]", List.of("spline:2:4")),
              Map.entry("iaf:STEPS[:WIDTH]", List.of("iaf:2:4")),
              Map.entry("maf:STEPS[:WIDTH]", List.of("maf:2:4")),
              Map.entry("layers:WIDTH,WIDTH", List.of("layers:3,2")),
              Map.entry("ladder:WIDTH,WIDTH", List.of("ladder:3,2,2")),
              Map.entry("hierarchical", List.of("hierarchical")),
              Map.entry("vgp[:POINTS]", List.of("vgp:4")),
              Map.entry("concrete:NxC[:TAU]", List.of("concrete:2x3")),
              Map.entry("categorical:NxC", List.of("categorical:2x3")),
              Map.entry("binary:N", List.of("binary:4"))));

  private static final Axis PRIOR =
      Axis.of(
          "prior",
          SpecText.forms(Priors.HELP),
          Map.of(
              "normal", List.of("normal"),
              "gaussian", List.of("gaussian"),
              "mog:K", List.of("mog:2"),
              "vamp:K", List.of("vamp:2"),
              "flow:STEPS[:WIDTH]", List.of("flow:2:4")));

  private static final Axis OBJECTIVE =
      Axis.of(
          "objective",
          Objectives.FORMS,
          Map.ofEntries(
              Map.entry("elbo", List.of("elbo")),
              Map.entry("elbo:analytic", List.of("elbo:analytic")),
              Map.entry("elbo:mc", List.of("elbo:mc")),
              Map.entry("beta:WEIGHT", List.of("beta:4")),
              Map.entry("capacity:WEIGHT:NATS", List.of("capacity:10:2")),
              Map.entry("iwae:SAMPLES", List.of("iwae:3")),
              Map.entry("renyi:ALPHA:SAMPLES", List.of("renyi:0.5:3", "renyi:1:2", "renyi:-1:2")),
              Map.entry("vrmax:SAMPLES", List.of("vrmax:3")),
              Map.entry("chi:ORDER:SAMPLES", List.of("chi:2:3")),
              Map.entry("tcvae:WEIGHT[:weighted]", List.of("tcvae:4", "tcvae:4:weighted")),
              Map.entry("factor:WEIGHT", List.of("factor:5")),
              Map.entry("dip:WEIGHT[:DIAGONAL]", List.of("dip:2", "dip:2:3")),
              Map.entry("mmd:WEIGHT[:wae]", List.of("mmd:5", "mmd:5:wae"))));

  private static final Axis ESTIMATOR =
      Axis.of(
          "estimator",
          Objectives.ESTIMATORS,
          Map.of(
              "pathwise", List.of("pathwise"),
              "stl", List.of("stl"),
              "dreg", List.of("dreg"),
              "gumbel[:TAU]", List.of("gumbel"),
              "st-gumbel[:TAU]", List.of("st-gumbel"),
              "score[:none|constant|learned|loo:SAMPLES|optimal:SAMPLES]",
                  List.of(
                      "score:none",
                      "score:constant",
                      "score:learned",
                      "score:loo:3",
                      "score:optimal:3"),
              "vimco", List.of("vimco"),
              "rebar[:TAU[:ETA]]", List.of("rebar"),
              "relax[:TAU[:ETA]]", List.of("relax")));

  private static final Axis LIKELIHOOD =
      Axis.of(
          "likelihood",
          LikelihoodSpec.FORMS,
          Map.ofEntries(
              Map.entry("bernoulli", List.of("bernoulli")),
              Map.entry("continuous-bernoulli", List.of("continuous-bernoulli")),
              Map.entry("gaussian", List.of("gaussian")),
              Map.entry("gaussian:scalar", List.of("gaussian:scalar")),
              Map.entry("gaussian:dimension", List.of("gaussian:dimension")),
              Map.entry("gaussian:element", List.of("gaussian:element")),
              Map.entry("gaussian:SIGMA", List.of("gaussian:0.5")),
              Map.entry("gaussian-learned", List.of("gaussian-learned")),
              Map.entry("laplace", List.of("laplace")),
              Map.entry(
                  "laplace:scalar|dimension|element|SCALE",
                  List.of("laplace:dimension", "laplace:element", "laplace:0.5")),
              Map.entry("categorical:LEVELS", List.of("categorical:3")),
              Map.entry("logistic256", List.of("logistic256")),
              Map.entry(
                  "logistic256:scalar|dimension|element|SCALE",
                  List.of("logistic256:dimension", "logistic256:element", "logistic256:4"))));

  /** The likelihood last: whether the others go together does not depend on it. */
  static final List<Axis> AXES = List.of(POSTERIOR, PRIOR, OBJECTIVE, ESTIMATOR, LIKELIHOOD);

  private static final int LAST = AXES.size() - 1;

  private CombinationMatrix() {}

  /** All of them. */
  static void forEach(Consumer<Combination> each) {
    forEachFrom(new ArrayList<>(), AXES.size(), each);
  }

  /** All that differ in more than the likelihood, the likelihoods taken in turn. */
  static List<Combination> core() {
    List<Combination> core = new ArrayList<>();
    List<String> likelihoods = LIKELIHOOD.examples();
    forEachFrom(
        new ArrayList<>(),
        LAST,
        c -> {
          List<String> values = new ArrayList<>(c.values());
          values.add(likelihoods.get(core.size() % likelihoods.size()));
          core.add(new Combination(values));
        });
    return core;
  }

  private static void forEachFrom(List<String> begun, int length, Consumer<Combination> each) {
    if (begun.size() == length) {
      each.accept(new Combination(List.copyOf(begun)));
      return;
    }
    for (String value : AXES.get(begun.size()).examples()) {
      begun.add(value);
      forEachFrom(begun, length, each);
      begun.removeLast();
    }
  }

  /**
   * Few combinations in which each value stands, and each two names meet that meet at all: again
   * and again one that brings most new pairs together.
   *
   * @param good combinations that are not refused, one of each but for the likelihood
   */
  static List<Combination> pairwise(List<Combination> good) {
    Set<List<Object>> missing = new HashSet<>();
    List<Combination> all = new ArrayList<>();
    for (Combination c : good) {
      for (String likelihood : LIKELIHOOD.examples()) {
        List<String> values = new ArrayList<>(c.values());
        values.set(LAST, likelihood);
        all.add(new Combination(List.copyOf(values)));
      }
    }
    Collections.shuffle(all, new Random(1));
    all.forEach(c -> missing.addAll(pairs(c)));
    List<Combination> chosen = new ArrayList<>();
    int wanted = pairs(all.getFirst()).size();
    while (!missing.isEmpty()) {
      for (Combination c : all) {
        List<List<Object>> pairs = pairs(c);
        if (pairs.stream().filter(missing::contains).count() >= wanted) {
          pairs.forEach(missing::remove);
          chosen.add(c);
        }
      }
      wanted--;
    }
    return chosen;
  }

  /** What a combination shows: its values, and which names meet in it. */
  private static List<List<Object>> pairs(Combination c) {
    List<List<Object>> pairs = new ArrayList<>();
    for (int a = 0; a < AXES.size(); a++) {
      pairs.add(List.of(a, c.values().get(a)));
      for (int b = 0; b < a; b++) {
        pairs.add(List.of(a, name(c.values().get(a)), b, name(c.values().get(b))));
      }
    }
    return pairs;
  }

  private static String name(String value) {
    return value.split(":", 2)[0];
  }
}
