package io.github.elbo4j.vi;

import io.github.elbo4j.kernel.Doubles;
import io.github.elbo4j.kernel.dense.Activation;
import io.github.elbo4j.nn.Parameters;
import io.github.elbo4j.tensor.Tensor;
import java.util.List;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.ArrayRealVector;
import org.hipparchus.linear.CholeskyDecomposition;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.RealVector;

/**
 * A VAE without hidden layers and with a fixed variance, {@code x = z·W + b + σ·noise}: everything
 * about it is known in closed form. p(x) = N(b, WᵀW + σ²I); p(z|x) = N(Λ⁻¹·W(x − b)/σ², Λ⁻¹) with Λ
 * = I + WWᵀ/σ².
 */
final class LinearGaussian {
  static final int DATA = 5;
  static final int LATENT = 2;
  static final double SIGMA = 0.7;

  final Parameters parameters;
  final Vae vae;
  private final Vae.Spec spec;

  LinearGaussian() {
    this(new DiagonalGaussianPosterior.Spec(LATENT));
  }

  /** With another posterior of {@link #LATENT} dimensions. */
  LinearGaussian(PosteriorSpec posterior) {
    spec =
        new Vae.Spec(
            DATA,
            List.of(),
            Activation.NONE,
            posterior,
            PriorSpec.NORMAL,
            LikelihoodSpec.parse("gaussian:" + SIGMA),
            new LogVarBounds(-20, 20),
            0);
    parameters = spec.parameters(1, null);
    vae = new Vae(spec, parameters);
    for (Parameters.Parameter p : parameters) {
      if (p.name().startsWith("posterior.log") && p.name().endsWith(".weight")) {
        p.value().fill(0);
      }
    }
  }

  Vae.Spec spec() {
    return spec;
  }

  void set(String name, double... numbers) {
    Tensor t = parameters.value(name);
    if (t.size() != numbers.length) {
      throw new IllegalArgumentException(name + " has " + t.size() + " elements");
    }
    for (int i = 0; i < numbers.length; i++) {
      t.array()[t.offset() + i] = (float) numbers[i];
    }
  }

  /** W, [LATENT, DATA], as the model has it. */
  RealMatrix loadings() {
    return matrix("likelihood.mean.weight", LATENT, DATA);
  }

  RealVector offset() {
    return vector("likelihood.mean.bias");
  }

  /** log p(x). */
  double logEvidence(double[] x) {
    RealMatrix w = loadings();
    RealMatrix covariance =
        w.transpose()
            .multiply(w)
            .add(MatrixUtils.createRealIdentityMatrix(DATA).scalarMultiply(SIGMA * SIGMA));
    CholeskyDecomposition factor = new CholeskyDecomposition(covariance);
    RealVector distance = new ArrayRealVector(x).subtract(offset());
    return -0.5
        * (DATA * Math.log(2 * Math.PI)
            + Math.log(factor.getDeterminant())
            + distance.dotProduct(factor.getSolver().solve(distance)));
  }

  /** Λ, the precision of p(z|x). */
  RealMatrix precision() {
    RealMatrix w = loadings();
    return w.multiply(w.transpose())
        .scalarMultiply(1 / (SIGMA * SIGMA))
        .add(MatrixUtils.createRealIdentityMatrix(LATENT));
  }

  /** Mean of p(z|x). */
  RealVector posteriorMean(double[] x) {
    RealVector distance = new ArrayRealVector(x).subtract(offset());
    RealVector projected = loadings().operate(distance).mapDivide(SIGMA * SIGMA);
    return new CholeskyDecomposition(precision()).getSolver().solve(projected);
  }

  /** KL( q(z|x) ‖ p(z|x) ): by how much the ELBO is below log p(x). */
  double gap(double[] x) {
    RealMatrix lambda = precision();
    RealVector mu =
        matrix("posterior.mu.weight", DATA, LATENT)
            .preMultiply(new ArrayRealVector(x))
            .add(vector("posterior.mu.bias"));
    RealVector distance = mu.subtract(posteriorMean(x));
    RealVector logVar = vector("posterior.logVar.bias");
    double kl = distance.dotProduct(lambda.operate(distance)) - LATENT;
    kl -= Math.log(new CholeskyDecomposition(lambda).getDeterminant());
    for (int d = 0; d < LATENT; d++) {
      kl += lambda.getEntry(d, d) * Math.exp(logVar.getEntry(d)) - logVar.getEntry(d);
    }
    return kl / 2;
  }

  /**
   * Gives W orthogonal rows, so that p(z|x) has independent dimensions, and makes q(z|x) that very
   * distribution, but for its mean moved by {@code shift} and its σ times {@code stretch}.
   */
  void solve(double shift, double stretch) {
    set("likelihood.mean.weight", 0.9, 0.4, -0.3, 0, 0.5, 0.4, -0.9, 0, 0.8, 0);
    set("likelihood.mean.bias", 0.5, -1, 0.2, 0, 0.3);
    RealMatrix toMean =
        MatrixUtils.inverse(precision())
            .multiply(loadings())
            .scalarMultiply(1 / (SIGMA * SIGMA)); // [LATENT, DATA]
    double[] weight = new double[DATA * LATENT];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = toMean.getEntry(i % LATENT, i / LATENT);
    }
    set("posterior.mu.weight", weight);
    RealVector bias = toMean.operate(offset()).mapMultiply(-1).mapAdd(shift);
    set("posterior.mu.bias", bias.toArray());
    double[] logVar = new double[LATENT];
    for (int d = 0; d < LATENT; d++) {
      logVar[d] = 2 * Math.log(stretch) - Math.log(precision().getEntry(d, d));
    }
    set("posterior.logVar.bias", logVar);
  }

  private RealMatrix matrix(String name, int rows, int columns) {
    RealMatrix m = new Array2DRowRealMatrix(rows, columns);
    Tensor t = parameters.value(name);
    for (int i = 0; i < t.size(); i++) {
      m.setEntry(i / columns, i % columns, t.get(i));
    }
    return m;
  }

  private RealVector vector(String name) {
    return new ArrayRealVector(Doubles.read(parameters.value(name)));
  }
}
