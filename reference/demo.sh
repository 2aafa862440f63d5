#!/bin/sh
# make demo: a corpus, a model trained on it before your eyes, three stories, two pictures. About two minutes on two
# cores. Everything lies under out/demo/ and may be thrown away; running it again starts anew.
set -eu
sgatlin=${SGATLIN:-build/sgatlin}
out=out/demo

say() { printf '\n== %s\n' "$*"; }

rm -rf "$out"
mkdir -p "$out"

say "A small world of stories, and a tokenizer for it"
"$sgatlin" data --storyworld --stories 20000 --seed 1 --vocab 1024 --out "$out/data"

say "A language model of sparsely gated linear neurons"
"$sgatlin" train --data "$out/data" --out "$out/run" --preset demo --ffn sgatlin
cp "$out/run/loss.png" "$out/loss.png"

say "Against counting words and triples of words, on stories it never saw"
"$sgatlin" eval --checkpoint "$out/run" --data "$out/data/valid.bin" --baselines "$out/data/train.bin" --json |
    tee "$out/eval.json"
number() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" "$out/eval.json"; }
if ! awk -v loss="$(number loss)" -v unigram="$(number unigram)" -v trigram="$(number trigram)" \
    'BEGIN { exit !(loss > 0 && loss < unigram && loss < trigram) }'; then
    echo "demo: the model is not under both baselines: see $out/eval.json and $out/run/log.jsonl" >&2
    exit 1
fi

for prompt in "Once upon a time" "One day, the turtle" "It was raining, and Lily"; do
    say "A story that begins with \"$prompt\""
    "$sgatlin" sample --checkpoint "$out/run" --prompt "$prompt" --tokens 250 --temperature 0.6 --seed 7
    echo
done

say "Which neurons fired"
"$sgatlin" gates --checkpoint "$out/run" --text "The turtle was slow, but the wind was strong." --out "$out/gates.png"

cat <<END

Look at  $out/loss.png   how the loss fell, against both baselines
         $out/gates.png  the neurons that fired for one sentence, layer by layer, channel by channel
Next     build/sgatlin sample --checkpoint $out/run --prompt "The dog" --temperature 0.8
         build/sgatlin train --data $out/data --out runs/mlp --preset demo --ffn mlp      the dense layer instead
         build/sgatlin flops --preset demo                                                what each kind costs
         build/sgatlin data --text YOUR.txt --out data/mine                               your own text
END
