package io.github.elbo4j.vi;

import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.vi.GaussianLikelihood.Variance;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A likelihood by name:
 *
 * <ul>
 *   <li>{@code bernoulli}, {@code continuous-bernoulli}
 *   <li>{@code gaussian} or {@code gaussian:FORM}: FORM is {@code scalar} (one learned variance,
 *       which is what {@code gaussian} means), {@code dimension}, {@code element} (the decoder
 *       gives a variance for each pixel of each picture: Kingma and Welling 2014, appendix C.2;
 *       also {@code gaussian-learned}), or a number, a fixed standard deviation
 *   <li>{@code laplace} or {@code laplace:FORM}: likewise with the scale b
 *   <li>{@code categorical:LEVELS}, {@code logistic256} or {@code logistic256:FORM}: of the pixels'
 *       levels
 * </ul>
 */
public sealed interface LikelihoodSpec {
  /** Declares the likelihood's parameters on a decoder of width {@code in}, see its class. */
  void declare(Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans);

  /**
   * Whole numbers 0 … levels − 1 that this likelihood counts each data dimension in, for those that
   * read {@link Observed#levels}; 0 for those that read {@link Observed#x}.
   */
  default int levels() {
    return 0;
  }

  /**
   * The likelihood over declared parameters.
   *
   * @param bounds clamp of every learned log-variance
   */
  Likelihood build(Parameters parameters, LogVarBounds bounds);

  /** Every form. */
  List<String> FORMS =
      List.of(
          "bernoulli",
          "continuous-bernoulli",
          "gaussian",
          "gaussian:scalar",
          "gaussian:dimension",
          "gaussian:element",
          "gaussian:SIGMA",
          "gaussian-learned",
          "laplace",
          "laplace:scalar|dimension|element|SCALE",
          "categorical:LEVELS",
          "logistic256",
          "logistic256:scalar|dimension|element|SCALE");

  /**
   * Reads a name.
   *
   * @throws IllegalArgumentException naming what is possible
   */
  static LikelihoodSpec parse(String text) {
    SpecText spec = SpecText.of("likelihood", text);
    return switch (spec.name()) {
      case "bernoulli" -> {
        spec.expect(0, "bernoulli");
        yield new BernoulliSpec();
      }
      case "continuous-bernoulli" -> {
        spec.expect(0, "continuous-bernoulli");
        yield new ContinuousBernoulliSpec();
      }
      case "gaussian" -> {
        ScaleHead.Start sigma = ScaleHead.parse(spec, "SIGMA", 1);
        yield new GaussianSpec(sigma.form(), 2 * sigma.log());
      }
      case "gaussian-learned" -> {
        spec.expect(0, "gaussian-learned");
        yield parse("gaussian:element");
      }
      case "laplace" -> {
        ScaleHead.Start b = ScaleHead.parse(spec, "SCALE", 1 / Math.sqrt(2));
        yield new LaplaceSpec(b.form(), b.log());
      }
      case "categorical" -> {
        String form = "categorical:LEVELS";
        int levels = spec.expect(1, form).integer(0, 2, form);
        if (levels > 256) {
          throw spec.refusal("must have at most 256 LEVELS in " + form);
        }
        yield new CategoricalSpec(levels);
      }
      case "logistic256" -> {
        ScaleHead.Start scale = ScaleHead.parse(spec, "SCALE", Math.sqrt(3) / Math.PI);
        yield new LogisticSpec(scale.form(), scale.log());
      }
      default -> throw spec.unknown(FORMS);
    };
  }

  /** {@link BernoulliLikelihood}. */
  record BernoulliSpec() implements LikelihoodSpec {
    @Override
    public void declare(
        Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans) {
      BernoulliLikelihood.declare(builder, in, data, dataMeans);
    }

    @Override
    public Likelihood build(Parameters parameters, LogVarBounds bounds) {
      return new BernoulliLikelihood(parameters);
    }
  }

  /**
   * {@link GaussianLikelihood}.
   *
   * @param variance form of the log-variance
   * @param logVar the fixed log-variance, or where a learned one starts
   */
  record GaussianSpec(Variance variance, float logVar) implements LikelihoodSpec {
    @Override
    public void declare(
        Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans) {
      GaussianLikelihood.declare(builder, in, data, variance, logVar, dataMeans);
    }

    @Override
    public Likelihood build(Parameters parameters, LogVarBounds bounds) {
      return new GaussianLikelihood(parameters, variance, logVar, bounds);
    }
  }

  /** A continuous Bernoulli. */
  record ContinuousBernoulliSpec() implements LikelihoodSpec {
    @Override
    public void declare(
        Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans) {
      ContinuousBernoulliLikelihood.declare(builder, in, data, dataMeans);
    }

    @Override
    public Likelihood build(Parameters parameters, LogVarBounds bounds) {
      return new ContinuousBernoulliLikelihood(parameters);
    }
  }

  /**
   * A Laplace distribution.
   *
   * @param form of the scale
   * @param logScale the logarithm of a fixed scale, or where a learned one starts
   */
  record LaplaceSpec(Variance form, float logScale) implements LikelihoodSpec {
    @Override
    public void declare(
        Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans) {
      LaplaceLikelihood.declare(builder, in, data, form, logScale, dataMeans);
    }

    @Override
    public Likelihood build(Parameters parameters, LogVarBounds bounds) {
      return new LaplaceLikelihood(parameters, form, logScale, bounds);
    }
  }

  /**
   * Any distribution over levels.
   *
   * @param levels C, from 2 to 256
   */
  record CategoricalSpec(int levels) implements LikelihoodSpec {
    @Override
    public void declare(
        Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans) {
      CategoricalLikelihood.declare(builder, in, data, levels, dataMeans);
    }

    @Override
    public Likelihood build(Parameters parameters, LogVarBounds bounds) {
      return new CategoricalLikelihood(parameters, levels);
    }
  }

  /**
   * A logistic distribution cut into 256 levels.
   *
   * @param form of the scale
   * @param logScale the logarithm of a fixed scale in units of x/255, or where a learned one starts
   */
  record LogisticSpec(Variance form, float logScale) implements LikelihoodSpec {
    @Override
    public int levels() {
      return DiscretizedLogisticLikelihood.LEVELS;
    }

    @Override
    public void declare(
        Parameters.Builder builder, int in, int data, double @Nullable [] dataMeans) {
      DiscretizedLogisticLikelihood.declare(builder, in, data, form, logScale, dataMeans);
    }

    @Override
    public Likelihood build(Parameters parameters, LogVarBounds bounds) {
      return new DiscretizedLogisticLikelihood(parameters, form, logScale, bounds);
    }
  }
}
