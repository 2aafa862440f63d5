#!/bin/sh
# make demo: a corpus, a model trained on it while you watch, three stories, pictures. Some minutes
# on two cores, more if they are busy. Everything is written to out/demo/, which may be deleted;
# running it again starts over.
set -eu
export LC_ALL=C # a decimal comma would confuse awk
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

say "Compared with counting words and triples of words, on stories it has not seen"
"$sgatlin" eval --checkpoint "$out/run" --data "$out/data/valid.bin" \
    --baselines "$out/data/train.bin" --json |
    tee "$out/eval.json"
number() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" "$out/eval.json"; }
if ! awk -v loss="$(number loss)" -v unigram="$(number unigram)" -v trigram="$(number trigram)" \
    'BEGIN { exit !(loss > 0 && loss < unigram && loss < trigram) }'; then
    echo "demo: the model's loss is not below both baselines:" \
        "see $out/eval.json and $out/run/log.jsonl" >&2
    exit 1
fi

stories=0
for prompt in "Once upon a time" "In a little village, there lived a young rabbit named Pip." \
    "Lily was a young girl who lived near the pond. One day,"; do
    say "A story that begins with \"$prompt\""
    stories=$((stories + 1))
    "$sgatlin" sample --checkpoint "$out/run" --prompt "$prompt" --tokens 250 --temperature 0.5 \
        --seed 7 |
        tee "$out/story_$stories.txt"
    echo
done

say "Which neurons fired"
sentence="The turtle was slow, but the wind was strong."
"$sgatlin" gates --checkpoint "$out/run" --text "$sentence" --out "$out/gates.png"
"$sgatlin" gates --checkpoint "$out/run" --text "$sentence" --channel 1 --out "$out/words.png"

cat <<END

Look at  $out/loss.png   the training and validation loss, with both baselines
         $out/gates.png  the neurons that fired for one sentence, by layer and channel
         $out/words.png  the same word by word, for one channel
Next     make view                                                      watch it in a window
         (make deps-visualizer, once, installs SDL2 for that)
         build/sgatlin sample --checkpoint $out/run --prompt "The dog" --temperature 0.8
         build/sgatlin train --data $out/data --out runs/mlp --ffn mlp  the dense layer instead
         build/sgatlin flops --preset demo                              what each layer costs
         build/sgatlin data --text YOUR.txt --out data/mine             your own text
END
