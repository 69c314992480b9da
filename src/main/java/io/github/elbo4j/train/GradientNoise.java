package io.github.elbo4j.train;

/**
 * How noisy the gradient of a mini-batch is: over independent draws of the noise that the objective
 * takes, for the parameters of each side of the model together.
 *
 * @param encoderVariance trace of the covariance of the gradient to encoder and posterior
 * @param encoderSquaredMean squared norm of its mean over the draws, which holds a draws-th of the
 *     variance
 * @param decoderVariance the same of decoder, likelihood and prior
 * @param decoderSquaredMean the same of decoder, likelihood and prior
 */
public record GradientNoise(
    double encoderVariance,
    double encoderSquaredMean,
    double decoderVariance,
    double decoderSquaredMean) {}
