// Chapter 04: the K best of all sums a[i] + b[j]; only those with
// rank_a · rank_b <= K are computed.
figures.keys = (() => {
    function search(a, b, K) {
        const rows = best(a, K), columns = best(b, K), found = [];
        rows.forEach((i, row) => columns.forEach((j, column) => {
            if ((row + 1) * (column + 1) <= K)
                found.push({ key: i * b.length + j, score: a[i] + b[j] });
        }));
        found.sort((x, y) => y.score - x.score || x.key - y.key);
        return { computed: found.length, chosen: found.slice(0, K) };
    }

    function worst(n) {
        return Math.max(...n.checks.map((c) => {
            const { chosen } = search(c.a, c.b, c.K);
            return Math.max(difference(chosen.map((k) => k.key), c.index),
                            difference(chosen.map((k) => k.score), c.score));
        }));
    }

    // The elements of the table, which stay: edges, whose numbers can be dragged, and sums.
    function tableOf(parent, N) {
        const edge = (list) => (_, i) => {
            const number = element("b", {});
            number.dataset.drag = list + i;
            parent.append(element("div", { className: "edge" }, number, `${list}[${i}]`));
            return number;
        };
        const cell = () => {
            const made = element("div", {});
            parent.append(made);
            return made;
        };
        const list = Array.from({ length: N });
        return {
            a: list.map(edge("a")),
            b: list.map(edge("b")),
            sums: list.map(() => list.map(cell))
        };
    }

    // Puts them in their places, and fills in what they show.
    function show(cells, a, b, K, sorted) {
        const N = a.length, ranks = [best(a, N), best(b, N)], { chosen } = search(a, b, K);
        const place = (list, i) => (sorted ? ranks[list].indexOf(i) : i) + 2;
        for (let i = 0; i < N; i++) {
            cells.a[i].textContent = a[i];
            cells.b[i].textContent = b[i];
            cells.a[i].parentNode.style.gridArea = `${place(0, i)} / 1`;
            cells.b[i].parentNode.style.gridArea = `1 / ${place(1, i)}`;
            for (let j = 0; j < N; j++) {
                const inside = (ranks[0].indexOf(i) + 1) * (ranks[1].indexOf(j) + 1) <= K;
                const won = chosen.some((k) => k.key === i * N + j), cell = cells.sums[i][j];
                cell.style.gridArea = `${place(0, i)} / ${place(1, j)}`;
                cell.className = won ? "best" : inside ? "sum" : "never";
                cell.textContent = inside ? a[i] + b[j] : "·";
            }
        }
    }

    function build(section, n) {
        const N = n.a.length, whole = (v) => v.toFixed(0);
        heading(section, "Move a score, watch the stairs",
                "36 keys from 6 + 6 sub-keys. Drag a bold number sideways, or use the sliders. " +
                    "Coloured: sums that are computed; full colour: the best K.");
        const sums = group(section, "keys"), said = state(section), cells = tableOf(sums, N);
        sums.role = "img";
        sums.ariaLabel = "the table of sums";
        sums.style.gridTemplateColumns = `repeat(${N + 1}, 1fr)`;
        const sorted = checkbox(group(section, "buttons"), "both edges sorted", true, update);
        const K = slider(group(section, "controls"), "K", [1, N, 1], n.K, update, whole);
        const more = element("details", {}, element("summary", {}, "A slider for each sub-score"));
        const edges = group(more, "controls pairs"), knobs = {};
        section.append(more);
        for (let i = 0; i < N; i++) {
            for (const list of ["a", "b"])
                knobs[list + i] =
                    slider(edges, `${list}[${i}]`, [0, 10, 1], n[list][i], update, whole);
        }
        draggable(sums, (name) => {
            const knob = knobs[name], first = knob?.value;
            let from;
            return knob && ((x) => {
                       from ??= x;
                       knob.value = Math.round(first + (x - from) / 12);
                       update();
                   });
        });

        function update() {
            const [a, b] = ["a", "b"].map((list) => n[list].map((_, i) => knobs[list + i].value));
            const { chosen, computed } = search(a, b, K.value);
            const name = (k) =>
                `${k.key} = ${Math.floor(k.key / N)}·${N}+${k.key % N} (${k.score})`;
            show(cells, a, b, K.value, sorted.checked);
            said.replaceChildren(element("b", {}, `${computed} of ${N * N}`),
                                 ` sums computed; the best: key ${chosen.map(name).join(", ")}`);
        }
        update();
    }
    return { build, worst };
})();
