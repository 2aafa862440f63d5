// Chapter 08: FLOPs per byte of the five layers under the roof of a machine.
figures.roofline = (() => {
    // layer_traffic of traffic.c, with experts_touched of parts.c
    function traffic(p, N) {
        const taken = p.pools * p.heads * p.K, expert = p.weights + p.biases,
              always = p.router + N * 2 * p.D;
        const touched =
            -p.pools * p.experts * Math.expm1(p.heads * N * Math.log1p(-p.K / p.experts));
        return {
            flops: 2 * N * (p.router + taken * p.weights),
            once: 4 * (always + touched * expert),
            perUse: 4 * (always + N * taken * expert),
        };
    }

    function worst(n) {
        return Math.max(...n.checks.map((c) => {
            const t = traffic(n.scales[c.scale].layers[c.layer], c.tokens);
            return difference([t.flops, t.once, t.perUse].map((v) => v / c.flops),
                              [c.flops, c.bytes_once, c.bytes_per_use].map((v) => v / c.flops));
        }));
    }

    const thousands = (v) => v.toLocaleString("en-US", { maximumFractionDigits: v < 10 ? 1 : 0 });
    const time = (seconds) => seconds < 1e-3 ? `${(1e6 * seconds).toPrecision(3)} µs`
                              : seconds < 1 ? `${(1e3 * seconds).toPrecision(3)} ms`
                                            : `${seconds.toPrecision(3)} s`;

    const COLORS = ["one", "two", "three", "four", "five"];
    const rate = (roof, intensity) => Math.min(roof.flops, intensity * roof.bytes);

    // A point and its name above it, higher where other names are in the way.
    function mark(plot, placed, name, x, y, color) {
        const wide = 50, line = 15, at = Math.min(x, plot.width - plot.right - wide);
        const taken = (p, above) => Math.abs(p.at - at) < wide && Math.abs(p.above - above) < line;
        let above = y - 16;
        while (placed.some((p) => taken(p, above))) above--;
        placed.push({ at, above });
        const fill = `fill: var(--${color})`, stroke = `stroke: var(--${color}); opacity: 0.5`;
        plot.add("path", { d: `M${x} ${y}V${above + 3}`, style: stroke });
        plot.add("circle", { cx: x, cy: y, r: 6, style: fill });
        plot.add("text", { x: at + 4, y: above + 2, style: fill }, name);
    }

    function draw(plot, roof, layers) {
        const { from, to } = plot.horizontal, placed = [];
        const ridge = Math.min(to, Math.max(from, roof.flops / roof.bytes));
        plot.curve("curve", [from, ridge, to].map((x) => [x, rate(roof, x)]));
        layers.forEach((l, i) => mark(plot, placed, l.name, plot.x(l.intensity),
                                      plot.y(rate(roof, l.intensity)), COLORS[i]));
    }

    // Of a layer: its intensity, and the time that a roof (G per second) allows.
    function row(roof, layer, color) {
        const compute = layer.flops / roof.flops / 1e9, move = layer.moved / roof.bytes / 1e9;
        const name = element("span", {}, layer.name);
        name.style.color = `var(--${color})`;
        return [
            name, layer.intensity.toPrecision(3), time(Math.max(compute, move)),
            compute > move ? "arithmetic" : "bytes"
        ];
    }

    function build(section, n) {
        heading(section, "Under the roof",
                "A layer cannot be faster than the slope (bytes) or the flat part (arithmetic) " +
                    "allows. Give it more tokens at once, or another machine.");
        let roof, layers;
        const plot =
            new Plot(section,
                     "GFLOP/s against FLOPs per byte: a machine's roof and five layers on it", {
                         from: 0.25,
                         to: 2048,
                         ticks: [0.25, 2, 16, 128, 1024],
                         title: "FLOPs per byte",
                         log: true
                     },
                     {
                         from: 0.5,
                         to: 1e6,
                         ticks: [1, 10, 100, 1e3, 1e4, 1e5, 1e6],
                         title: "GFLOP/s",
                         log: true,
                         shown: (v) => v < 1e3   ? v
                                       : v < 1e6 ? v / 1e3 + "k"
                                                 : "1M"
                     },
                     () => draw(plot, roof, layers));
        const controls = group(section, "controls"), buttons = group(section, "buttons");
        const powers = (label, range, value) =>
            slider(controls, label, range, value, update, (v) => thousands(2 ** v));
        const tokens = powers("tokens", [0, 16, 1], 6);
        const peak = powers("GFLOP/s", [3, 16, 0.5], 7), bytes = powers("GB/s", [2, 12, 0.5], 4.5);
        const options = n.scales.map((s, i) => element("option", { value: i }, "scale " + s.name));
        const scale = element("select", { ariaLabel: "scale of the model" }, ...options);
        scale.addEventListener("change", update);
        buttons.append(scale);
        const perUse = checkbox(buttons, "weights are read at each use", false, update);
        const show = table(section, ["layer", "FLOPs per byte", "at least", "bound by"]);

        function update() {
            roof = { flops: 2 ** peak.value, bytes: 2 ** bytes.value };
            layers = n.scales[scale.value].layers.map((p) => {
                const t = traffic(p, 2 ** tokens.value), moved = perUse.checked ? t.perUse : t.once;
                return { name: p.name, intensity: t.flops / moved, flops: t.flops, moved };
            });
            plot.redraw();
            show(layers.map((l, i) => row(roof, l, COLORS[i])));
        }
        update();
    }
    return { build, worst };
})();
