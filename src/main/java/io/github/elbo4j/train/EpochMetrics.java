package io.github.elbo4j.train;

import org.jspecify.annotations.Nullable;

/**
 * What one epoch of training reached; one line of {@code metrics.jsonl}.
 *
 * @param epoch number of the epoch, from 1
 * @param step optimiser steps done since the start of the training
 * @param trainElbo mean ELBO of the epoch's training examples, nats per example
 * @param testElbo mean ELBO of the held-out examples, nats per example
 * @param reconstruction mean expected log-likelihood of the held-out examples, nats per example
 * @param kl mean KL divergence of the held-out examples, nats per example
 * @param activeUnits number of latent dimensions in use
 * @param seconds wall-clock time of the epoch
 * @param examplesPerSecond training examples per second of the epoch
 * @param gradientNoise of the epoch's last parameters; null where the run does not report it
 */
public record EpochMetrics(
    int epoch,
    long step,
    double trainElbo,
    double testElbo,
    double reconstruction,
    double kl,
    int activeUnits,
    double seconds,
    double examplesPerSecond,
    @Nullable GradientNoise gradientNoise) {
  /** Without a report of the gradient's noise. */
  public EpochMetrics(
      int epoch,
      long step,
      double trainElbo,
      double testElbo,
      double reconstruction,
      double kl,
      int activeUnits,
      double seconds,
      double examplesPerSecond) {
    this(
        epoch,
        step,
        trainElbo,
        testElbo,
        reconstruction,
        kl,
        activeUnits,
        seconds,
        examplesPerSecond,
        null);
  }
}
