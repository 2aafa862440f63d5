// Chapter 06: a plane of inputs, the two neurons that each point chooses, and the layer's answer.
figures.plane = (() => {
    // x [D] from the plane's coordinates; q = x Wq; s = q Wk; then chapter 04's search, and the sum
    // of score · (in · x) · out.
    function layer(n, u, v) {
        const D = n.origin.length, K = n.K, Dk = n.query.length / D, side = n.keys.length / Dk / 2;
        const x = n.origin.map((o, d) => o + u * n.across[d] + v * n.down[d]);
        const lists = [new Array(side).fill(0), new Array(side).fill(0)];
        for (let k = 0; k < Dk; k++) {
            let q = 0;
            for (let d = 0; d < D; d++) q += x[d] * n.query[d * Dk + k];
            for (let i = 0; i < 2 * side; i++)
                lists[i < side ? 0 : 1][i % side] += q * n.keys[k * 2 * side + i];
        }
        const rows = best(lists[0], K), columns = best(lists[1], K), sums = [];
        rows.forEach((i, p) => columns.forEach((j, r) => {
            if ((p + 1) * (r + 1) <= K)
                sums.push({ neuron: i * side + j, score: lists[0][i] + lists[1][j] });
        }));
        sums.sort((a, b) => b.score - a.score || a.neuron - b.neuron);
        const chosen = sums.slice(0, K), y = new Array(D).fill(0);
        for (const c of chosen) {
            c.z = 0;
            for (let d = 0; d < D; d++) c.z += n.in[c.neuron * D + d] * x[d];
            for (let d = 0; d < D; d++) y[d] += c.score * c.z * n.out[c.neuron * D + d];
        }
        return { chosen, y };
    }

    function worst(n) {
        return Math.max(...n.checks.map((c) => {
            const { chosen, y } = layer(n, c.u, c.v);
            return Math.max(difference(chosen.map((k) => k.neuron), c.index),
                            difference(chosen.map((k) => k.score), c.score), difference(y, c.y));
        }));
    }

    // one colour per pair of neurons, the same on every visit
    function pairColor(chosen) {
        const [i, j] = chosen.map((c) => c.neuron).sort((a, b) => a - b);
        const mixed = Math.imul(i * 64 + j + 1, 2654435761) >>> 0;
        return [mixed % 360, 30 + (mixed >>> 9) % 30, 45 + (mixed >>> 17) % 22];
    }

    // dark blue over teal to yellow, as in the chapter's picture
    const stops = [[26, 44, 72], [37, 89, 125], [50, 144, 142], [135, 195, 93], [248, 226, 76]];
    function heat(share) {
        const at = Math.min(1, Math.max(0, share)) * (stops.length - 1),
              i = Math.min(stops.length - 2, Math.floor(at));
        return stops[i].map((from, c) => Math.round(from + (stops[i + 1][c] - from) * (at - i)));
    }

    function paint(canvases, n, side) {
        const points = [];
        for (let row = 0; row < side; row++) {
            for (let column = 0; column < side; column++)
                points.push(layer(n, (2 * column + 1) / side - 1, (2 * row + 1) / side - 1));
        }
        const largest = Math.max(...points.map((p) => Math.abs(p.y[0])));
        const [pairs, heights] = canvases.map((canvas) => {
            canvas.width = canvas.height = side;
            return canvas.getContext("2d");
        });
        points.forEach((p, at) => {
            const x = at % side, y = Math.floor(at / side),
                  [hue, full, light] = pairColor(p.chosen);
            pairs.fillStyle = `hsl(${hue} ${full}% ${light}%)`;
            pairs.fillRect(x, y, 1, 1);
            heights.fillStyle = `rgb(${heat((Math.cbrt(p.y[0] / largest) + 1) / 2)})`;
            heights.fillRect(x, y, 1, 1);
        });
    }

    function build(section, n) {
        heading(
            section, "Walk through the pieces",
            "Drag the point across the plane, or use the sliders. While it stays in one piece, " +
                "the answer changes smoothly; at a border it jumps.");
        const planes = group(section, "planes"), controls = group(section, "controls");
        const maps = ["which 2 of 64 neurons", "the first number of y"].map((title) => {
            const canvas = element("canvas", { role: "img", ariaLabel: title });
            const dot = element("div", { className: "dot" });
            planes.append(
                element("div", { className: "plane" }, element("span", {}, title), canvas, dot));
            return { canvas, dot };
        });
        const across = slider(controls, "across", [-1, 1, 0.01], 0, update);
        const down = slider(controls, "down", [-1, 1, 0.01], 0, update);
        const show = table(section, ["neuron", "score", "in · x", "score · (in · x)"]);
        const said = state(section);
        for (const { canvas } of maps) {
            draggable(canvas, () => (x, y) => {
                across.value = 2 * x / canvas.clientWidth - 1; // a slider keeps to its range
                down.value = 2 * y / canvas.clientHeight - 1;
                update();
            });
        }

        function update() {
            const { chosen, y } = layer(n, across.value, down.value);
            for (const { canvas, dot } of maps) {
                dot.style.left = (across.value + 1) / 2 * canvas.clientWidth + "px";
                dot.style.top =
                    canvas.offsetTop + (down.value + 1) / 2 * canvas.clientHeight + "px";
            }
            show(chosen.map((c) => [String(c.neuron),
                                    ...[c.score, c.z, c.score * c.z].map((v) => v.toFixed(3))]));
            said.replaceChildren("y = [", element("b", {}, y[0].toFixed(2)),
                                 ", " + y.slice(1).map((v) => v.toFixed(2)).join(", ") + "]");
        }
        paint(maps.map((map) => map.canvas), n, 220);
        update();
        new ResizeObserver(update).observe(planes);
    }
    return { build, worst };
})();
