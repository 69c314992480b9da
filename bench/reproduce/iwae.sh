#!/bin/bash
# Burda, Grosse and Salakhutdinov 2016, table 1, MNIST, one stochastic layer: negative log-likelihood
# of models trained on the VAE's and the IWAE's bound with k samples. See README.md.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

epochs=$(per_budget 8 13 3280)
samples=$(per_budget 100 1000 5000)
examples=$(per_budget 200 1000 10000)
batch=$(per_budget 50 100 20)
heading "$epochs epochs of $data, batches of $batch, $samples importance samples of $examples test images"
for row in "iwae:1 86.76" "iwae:5 85.54" "iwae:50 84.78"; do
  read -r objective published <<<"$row"
  row "$objective" "$published" logLikelihood "$samples" "$examples" \
    --objective "$objective" --hidden 200,200 --latent 50 --activation tanh --binarize dynamic \
    --batch "$batch" --learning-rate 1e-3 --schedule "$burda" --epochs "$epochs" --seed 1
done
