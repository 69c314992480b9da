#!/bin/bash
# Jang, Gu and Poole 2017, statically binarised MNIST, 20 categorical latents of 10 categories: the
# bound reached by three estimators of the gradient. See README.md.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

epochs=$(per_budget 8 13 200)
examples=$(per_budget 200 1000 10000)
heading "$epochs epochs of $data, the bound of $examples test images"
for row in "score 110.6" "st-gumbel 110.9" "gumbel 101.5"; do
  read -r estimator published <<<"$row"
  row "$estimator" "$published" elbo 10 "$examples" \
    --posterior categorical:20x10 --estimator "$estimator" --hidden 200 --binarize static \
    --batch 100 --learning-rate 1e-3 --epochs "$epochs" --seed 1
done
