#!/bin/bash
# Rezende and Mohamed 2015, table 2, binarised MNIST: the bound reached with planar flows of growing
# length in the posterior. See README.md.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

epochs=$(per_budget 4 8 1000)
examples=$(per_budget 200 1000 10000)
heading "$epochs epochs of $data, the bound of $examples test images"
for posterior in diagonal planar:10 planar:20 planar:40 planar:80; do
  row "$posterior" "table 2" elbo 10 "$examples" \
    --posterior "$posterior" --hidden 400 --latent 40 --binarize static \
    --batch 100 --learning-rate 1e-3 --schedule "cosine:${epochs}e:0.01" --epochs "$epochs" --seed 1
done
