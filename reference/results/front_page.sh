#!/bin/sh
# make front-page: puts what this machine gives on the README's first screen: the story and the
# picture of a demo run, and the benchmark's table. For an idle machine, whose numbers others will
# see.
set -eu
sgatlin=${SGATLIN:-build/sgatlin}
demo=out/demo
results=reference/results
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -f "$demo/story_2.txt" ] || {
    echo "front_page.sh: $demo/story_2.txt does not exist; run make demo first" >&2
    exit 1
}
cp "$demo/story_2.txt" "$results/story.txt"
cp "$demo/words.png" "$results/front_page.png"

# One JSON object on each line.
"$sgatlin" bench layer --json >"$work/layer"
"$sgatlin" bench step --json >"$work/step"
"$sgatlin" flops --preset tinystories --json | tr -d '\n' | sed 's/}, *{/}\n{/g' >"$work/flops"
value() { sed -n "/\"ffn\": \"$2\"/s/.*\"$3\": \([^,}]*\).*/\1/p" "$work/$1"; } # FILE KIND KEY

{
    echo '| layer | parameters | active per token | layer, forward + backward | training |'
    echo '|---|---|---|---|---|'
    for kind in mlp glu moe peer sgatlin; do
        awk -v kind=$kind -v all="$(value flops $kind parameters)" \
            -v active="$(value flops $kind active_parameters)" \
            -v ms="$(value layer $kind ms_both)" -v rate="$(value step $kind tokens_per_s)" 'BEGIN {
                if (!all || !active || !ms || !rate) exit 1
                printf "| %s | %.1f M | %.1f M | %.0f ms | %d tokens/s |\n", kind, all / 1e6, \
                    active / 1e6, ms, rate
            }'
    done
} >"$work/table"
fold -s -w 96 "$results/story.txt" | sed 's/ *$//' | head -n 8 >"$work/story"

awk -v table="$work/table" -v story="$work/story" '
    function copy(file,   line) { while ((getline line < file) > 0) print line }
    $0 == "<!-- /benchmark -->" || (in_story && $0 == "```") { skip = in_story = 0 }
    !skip { print }
    $0 == "<!-- benchmark -->" { copy(table); skip = 1 }
    after_mark && $0 == "```text" { copy(story); skip = in_story = 1 }
    { after_mark = /^<!-- run: fold .*story\.txt/ }' README.md >"$work/README.md"
cp "$work/README.md" README.md
