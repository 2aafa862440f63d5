// Chapter 01: one neuron with three weights, seven points, and the loss.
figures.neuron = (() => {
    const SCALE = Math.sqrt(2 / Math.PI), CUBIC = 0.044715;
    const bent = (x) => Math.tanh(SCALE * (x + CUBIC * x * x * x));
    const gelu = (x) => 0.5 * x * (1 + bent(x));
    const slope = (x) => {
        const t = bent(x);
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * SCALE * (1 + 3 * CUBIC * x * x);
    };
    const output = (w, x) => w[2] * gelu(w[0] * x + w[1]);

    function loss(w, n) {
        return n.x.reduce((sum, x, i) => sum + (output(w, x) - n.target[i]) ** 2, 0) / n.x.length;
    }

    function gradient(w, n) {
        const d = [0, 0, 0];
        n.x.forEach((x, i) => {
            const before = w[0] * x + w[1], hidden = gelu(before);
            const dy = 2 * (w[2] * hidden - n.target[i]) / n.x.length;
            const dbefore = dy * w[2] * slope(before);
            d[0] += dbefore * x;
            d[1] += dbefore;
            d[2] += dy * hidden;
        });
        return d;
    }

    function trained(w, n, steps) {
        for (let step = 0; step < steps; step++) {
            const d = gradient(w, n);
            w = w.map((weight, i) => weight - n.learning_rate * d[i]);
        }
        return w;
    }

    function worst(n) {
        return Math.max(
            ...n.checks.map((c) => Math.max(difference(trained(n.start, n, c.steps), c.weights),
                                            difference(loss(c.weights, n), c.loss),
                                            difference(gradient(c.weights, n), c.gradient))));
    }

    const within = (v, most) => Math.min(most, Math.max(-most, v));
    const signed = (v) => `${v < 0 ? "−" : "+"} ${Math.abs(v).toFixed(2)}`;

    // The line bends where in · x + bias = 0: as far as that is in the plot, a ring is there.
    const bend = (w) => w[0] === 0 ? 0 : Math.min(6, Math.max(0, -w[1] / w[0]));

    function draw(plot, w, n) {
        n.x.forEach((x, i) => plot.curve("error", [[x, n.target[i]], [x, output(w, x)]]));
        const xs = Array.from({ length: 121 }, (_, i) => i / 20);
        plot.curve("curve", xs.map((x) => [x, output(w, x)]));
        n.x.forEach(
            (x, i) => plot.add("circle",
                               { class: "point", cx: plot.x(x), cy: plot.y(n.target[i]), r: 4.5 }));
        [["bend", bend(w)], ["end", 6]].forEach(([name, x]) => {
            const y = Math.min(plot.height - 10, Math.max(10, plot.y(output(w, x))));
            plot.handle(name, plot.x(x), y);
        });
    }

    // The weights with which a ring is at x and y: the bend is moved by the bias, the end by out.
    function dragged(w, name, x, y) {
        const unit = gelu(6 * w[0] + w[1]);
        if (name === "bend") return [w[0], within(-w[0] * x, 4), w[2]];
        return Math.abs(unit) > 0.05 ? [w[0], w[1], within(y / unit, 4)] : w;
    }

    function build(section, n) {
        heading(section, "Turn the three weights",
                "Drag the two rings on the line, or use the sliders: how low can you bring the " +
                    "loss? Then let the gradient do it.");
        let w = n.start, steps = 0; // the weights are finer than the sliders
        const plot =
            new Plot(section, "Euros against gigabytes: seven points and the neuron's line",
                     { from: 0, to: 6, ticks: [0, 1, 2, 3, 4, 5, 6], title: "gigabytes" },
                     { from: -1, to: 4.5, ticks: [0, 1, 2, 3, 4], title: "euros" },
                     () => draw(plot, w, n));
        const controls = group(section, "controls"), buttons = group(section, "buttons");
        const said = state(section);
        const show = () => {
            plot.redraw();
            said.replaceChildren(
                "loss ", element("b", {}, loss(w, n).toFixed(4)),
                steps > 0 ? ` after ${steps} ${steps === 1 ? "step" : "steps"}` : "",
                ` · y = ${w[2].toFixed(2)} · gelu(${w[0].toFixed(2)} · x ${signed(w[1])})`);
        };
        const knobs = ["in", "bias", "out"].map((label, i) => {
            const knob = slider(controls, label, [-4, 4, 0.01], w[i], () => {
                w = w.map((weight, j) => j === i ? knob.value : weight);
                steps = 0;
                show();
            });
            return knob;
        });
        const set = (weights, taken) => {
            w = weights;
            steps = taken;
            knobs.forEach((knob, i) => { knob.value = w[i]; });
            show();
        };
        for (const count of [1, 10, 100, 1000, 10000])
            button(buttons, count === 1 ? "1 step" : `${count} steps`,
                   () => set(trained(w, n, count), steps + count));
        button(buttons, "Start again", () => set(n.start, 0));
        draggable(plot.svg,
                  (name) =>
                      name && ((x, y) => set(dragged(w, name, plot.valueX(x), plot.valueY(y)), 0)));
        show();
    }
    return { build, worst };
})();
