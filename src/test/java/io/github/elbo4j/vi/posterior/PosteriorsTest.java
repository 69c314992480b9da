package io.github.elbo4j.vi.posterior;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.elbo4j.autodiff.Tape;
import io.github.elbo4j.autodiff.Var;
import io.github.elbo4j.kernel.Backends;
import io.github.elbo4j.kernel.NoiseKey;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import io.github.elbo4j.vi.DiagonalGaussianPosterior;
import io.github.elbo4j.vi.Elbo;
import io.github.elbo4j.vi.Latent;
import io.github.elbo4j.vi.LogVarBounds;
import io.github.elbo4j.vi.Posterior;
import io.github.elbo4j.vi.PosteriorSpec;
import io.github.elbo4j.vi.Prior;
import io.github.elbo4j.vi.Want;
import io.github.elbo4j.vi.flow.AutoregressiveFlow;
import io.github.elbo4j.vi.flow.CouplingFlow;
import io.github.elbo4j.vi.flow.Flow;
import io.github.elbo4j.vi.flow.FlowSpec;
import io.github.elbo4j.vi.flow.HouseholderFlow;
import io.github.elbo4j.vi.flow.PlanarFlow;
import io.github.elbo4j.vi.flow.RadialFlow;
import io.github.elbo4j.vi.flow.SylvesterFlow;
import io.github.elbo4j.vi.prior.FlowPrior;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Names of posteriors, and what each of them refuses. */
class PosteriorsTest {
  private static final int D = 3;
  private static final int H = 4;

  private static Posterior build(String name) {
    PosteriorSpec spec = Posteriors.parse(name, D);
    assertThat(spec.latent()).isEqualTo(D);
    assertThat(spec.decoded()).isEqualTo(D);
    Parameters.Builder builder = Parameters.builder();
    spec.declare(builder, H);
    return spec.build(builder.build(1), new LogVarBounds(-10, 10));
  }

  private static @Nullable String refusal(String name, Want want) {
    return build(name).refusal(Prior.standardNormal(), want);
  }

  @Test
  void namesAreRead() {
    Map<String, FlowSpec> flows = new LinkedHashMap<>();
    flows.put("planar:8", new PlanarFlow.Spec(8, false));
    flows.put("planar:8:shared", new PlanarFlow.Spec(8, true));
    flows.put("radial:2", new RadialFlow.Spec(2, false));
    flows.put("radial:2:shared", new RadialFlow.Spec(2, true));
    flows.put("householder:3", new HouseholderFlow.Spec(3, false));
    flows.put("householder:3:shared", new HouseholderFlow.Spec(3, true));
    flows.put("sylvester:4", new SylvesterFlow.Spec(4, false));
    flows.put("sylvester:4:shared", new SylvesterFlow.Spec(4, true));
    flows.put("nice:4", new CouplingFlow.Spec(CouplingFlow.Kind.ADDITIVE, 4, 128));
    flows.put("realnvp:4:20", new CouplingFlow.Spec(CouplingFlow.Kind.AFFINE, 4, 20));
    flows.put("spline:1", new CouplingFlow.Spec(CouplingFlow.Kind.SPLINE, 1, 128));
    flows.put("iaf:2", new AutoregressiveFlow.Spec(2, 128, false));
    flows.put("maf:2:64", new AutoregressiveFlow.Spec(2, 64, true));
    flows.forEach(
        (name, flow) ->
            assertThat(Posteriors.parse(name, D)).isEqualTo(new FlowPosterior.Spec(D, flow)));
    assertThat(Posteriors.parse("full", D)).isEqualTo(new FullCovariancePosterior.Spec(D));
    assertThat(Posteriors.parse("full", 1)).isEqualTo(new DiagonalGaussianPosterior.Spec(1));
    assertThat(Posteriors.parse("diagonal", D)).isEqualTo(new DiagonalGaussianPosterior.Spec(D));
    assertThat(Posteriors.parse("vgp", D)).isEqualTo(new ProcessPosterior.Spec(D, 10));
    assertThat(Posteriors.parse("vgp:4", D)).isEqualTo(new ProcessPosterior.Spec(D, 4));
  }

  @Test
  void aVariationalGaussianProcessSaysWhatItHasNot() {
    for (Want want : new Want[] {Want.KL, Want.KL_PER_DIM}) {
      assertThat(refusal("vgp", want)).contains("variational Gaussian process", "elbo:mc");
    }
    for (Want want : new Want[] {Want.LOG_DENSITIES_STL, Want.LOG_DENSITIES_SCORE}) {
      assertThat(refusal("vgp", want)).contains("auxiliary model r", "--estimator pathwise");
    }
    assertThat(refusal("vgp", Want.SAMPLE)).isNull();
    assertThat(refusal("vgp", Want.LOG_DENSITIES)).isNull();
  }

  @Test
  void whatIsNotANameIsRefused() {
    refused(
        "vgp:0",
        "must be of the form vgp[:POINTS] with a whole number of at least 1 where \"0\" stands");
    refused("vgp:4:4", "must be of the form vgp[:POINTS]");
    refused("planar", "must be of the form planar:STEPS[:shared]");
    refused("planar:2:3", "must be of the form planar:STEPS[:shared]");
    refused("planar:2:shared:1", "must be of the form planar:STEPS[:shared]");
    refused("full:2", "must be of the form full");
    refused(
        "radial:0",
        "must be of the form radial:STEPS[:shared] with a whole number of at least 1 where \"0\""
            + " stands");
    refused(
        "iaf:2:wide",
        "must be of the form iaf:STEPS[:WIDTH] with a whole number of at least 1 where \"wide\""
            + " stands");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Posteriors.parse("sylvestre:2", D))
        .withMessageStartingWith("posterior \"sylvestre:2\" must be one of diagonal, full, planar:")
        .withMessageEndingWith("; did you mean sylvester:STEPS[:shared]?");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FullCovariancePosterior.Spec(1))
        .withMessage("FullCovariancePosterior: latent 1 must be >= 2");
  }

  private static void refused(String name, String problem) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Posteriors.parse(name, D))
        .withMessage("posterior \"%s\" %s", name, problem);
  }

  @Test
  void theKlOfAFlowIsRefusedButForReflections() {
    String none =
        "the analytic KL does not exist for a flow posterior: use --objective elbo, which samples"
            + " it, or elbo:mc";
    for (String name : new String[] {"planar:1", "nice:2", "iaf:1", "radial:1", "sylvester:1"}) {
      assertThat(refusal(name, Want.KL)).isEqualTo(none);
    }
    assertThat(refusal("householder:2", Want.KL)).isNull();
    assertThat(refusal("full", Want.KL)).isNull();
    Prior other = new FlowPrior(identity());
    assertThat(build("householder:2").refusal(other, Want.KL)).isEqualTo(none);
    assertThat(build("full").refusal(other, Want.KL))
        .isEqualTo(
            "the analytic KL of a posterior with full covariance is there for the standard normal"
                + " prior alone: use --objective elbo, which samples it beside any other, or"
                + " elbo:mc");
    assertThat(new Elbo(1, 0, 0).refusal(build("planar:1"), other)).isNull();
  }

  private static Flow identity() {
    FlowSpec spec = new CouplingFlow.Spec(CouplingFlow.Kind.AFFINE, 1, 2);
    Parameters.Builder builder = Parameters.builder();
    spec.declare(builder, "flow", D, 0);
    return spec.build(builder.build(1), "flow", D, false);
  }

  @Test
  void freeBitsNeedIndependentDimensions() {
    assertThat(refusal("planar:1", Want.KL_PER_DIM))
        .isEqualTo(
            "the KL of a flow posterior is no sum over latent dimensions, of which free bits could"
                + " spare some: use --posterior diagonal");
    assertThat(refusal("full", Want.KL_PER_DIM))
        .isEqualTo(
            "the KL of a posterior with full covariance is no sum over latent dimensions, of which"
                + " free bits could spare some: use --posterior diagonal");
  }

  @Test
  void theDensityOfAGivenLatentNeedsAnInverse() {
    for (String name : new String[] {"planar:1", "radial:1:shared", "sylvester:1"}) {
      assertThat(refusal(name, Want.LOG_DENSITIES_STL))
          .isEqualTo(
              "the estimators stl and dreg take log q(z|x) as a function of z alone, so its"
                  + " gradient goes through the inverse of the flow, and planar, radial and"
                  + " sylvester steps have none in closed form: use another flow, or --estimator"
                  + " pathwise");
      assertThat(refusal(name, Want.LOG_DENSITIES_SCORE))
          .isEqualTo(
              "the score function takes the gradient of log q(z|x) at a given z, which goes through"
                  + " the inverse of the flow, and planar, radial and sylvester steps have none in"
                  + " closed form: use another flow, or --estimator pathwise");
    }
    for (String name : new String[] {"full", "householder:1", "spline:1", "iaf:1", "maf:1"}) {
      assertThat(refusal(name, Want.LOG_DENSITIES_STL)).isNull();
      assertThat(refusal(name, Want.LOG_DENSITIES_SCORE)).isNull();
    }
  }

  /** σ has the bounds of a log-variance, whatever the head is of. */
  @Test
  void theVarianceIsBounded() {
    for (String name : new String[] {"full", "householder:1"}) {
      PosteriorSpec spec = Posteriors.parse(name, D);
      Parameters.Builder builder = Parameters.builder();
      spec.declare(builder, H);
      Parameters parameters = builder.build(1);
      boolean full = name.equals("full");
      parameters.value(full ? "posterior.logSigma.bias" : "posterior.logVar.bias").fill(-100);
      Posterior posterior = spec.build(parameters, new LogVarBounds(-3, 3));
      Tape tape = new Tape(Backends.reference());
      Var h = Var.constant(Tensor.zeros(1, H));
      Latent latent =
          posterior.sample(tape, h, new NoiseKey(1, 1), 1, Prior.standardNormal(), Want.KL);
      // mu = 0: D·½(σ² − 1 − log σ²) with log σ² = −3.
      assertThat((double) latent.kl().value().get(0))
          .isCloseTo(D * (Math.exp(-3) - 1 + 3) / 2, within(1e-5));
    }
  }

  /** Whoever does not ask is told when sampling. */
  @Test
  void samplingRefusesToo() {
    Tape tape = new Tape(Backends.reference());
    Var h = Var.constant(Tensor.zeros(2, H));
    NoiseKey noise = new NoiseKey(1, 1);
    for (String name : new String[] {"planar:1", "full"}) {
      Posterior posterior = build(name);
      Prior prior = Prior.standardNormal();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> posterior.sample(tape, h, noise, 1, prior, Want.KL_PER_DIM))
          .withMessage(posterior.refusal(prior, Want.KL_PER_DIM));
    }
  }
}
