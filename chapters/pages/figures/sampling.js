// Chapter 07: from the logits of a trained model to the next word.
figures.sampling = (() => {
    const PAD = 0;

    // As sampling.c does it: likeliest first, cut to the fewest that reach topP, and one of them by
    // `draw`. Returns the order of the tokens, their share of what is left, and the token.
    function sample(logits, temperature, topP, draw) {
        const order = best(logits, logits.length).filter((token) => token !== PAD);
        const top = logits[order[0]], greedy = temperature < 1e-6;
        let p = order.map((token) => greedy ? 0 : Math.exp((logits[token] - top) / temperature)),
            count = p.length;
        if (greedy) {
            p[0] = count = 1;
        } else if (topP > 0 && topP < 1) {
            const needed = topP * p.reduce((a, b) => a + b);
            let sum = p[0];
            for (count = 1; count < p.length && sum < needed; count++) sum += p[count];
        }
        const whole = p.reduce((a, b) => a + b), kept = p.slice(0, count).reduce((a, b) => a + b);
        let rest = draw * kept, taken = 0;
        for (; taken < count - 1; taken++) {
            rest -= p[taken];
            if (rest < 0) break;
        }
        p = p.map((v, i) => i < count ? v / kept : v / whole);
        return { order, p, count, taken, token: order[taken] };
    }

    const logitsAt = (n, t) => n.logits.slice(t * n.words.length, (t + 1) * n.words.length);

    function worst(n) {
        return n.checks
            .filter((c) =>
                        sample(logitsAt(n, c.t), c.temperature, c.top_p, c.draw).token !== c.token)
            .length;
    }

    // A word, its bar and its share: of place i in the order.
    function row(words, result, i) {
        const kind = i === result.taken ? "drawn" : i >= result.count ? "cut" : "";
        const bar = element("div", { className: "bar " + kind });
        bar.style.width = 100 * result.p[i] / Math.max(...result.p) + "%";
        const share = (100 * result.p[i]).toFixed(1) + "%";
        return [
            element("span", { className: kind }, words[result.order[i]]), bar,
            element("span", { className: "number " + kind }, share)
        ];
    }

    function build(section, n) {
        const SHOWN = 14;
        let t = 4;
        heading(section, "Choose the next word",
                "The logits are those of the demo's sgatlin model. Click the word after which it " +
                    "predicts; then change how the next one is drawn.");
        const words = group(section, "words"), controls = group(section, "controls");
        words.role = "group";
        words.ariaLabel = "predict after";
        const buttons = n.inputs.map((token, i) => button(words, n.words[token], () => {
                                         t = i;
                                         update();
                                     }));
        const temperature = slider(controls, "temperature", [0, 3, 0.05], 1, update);
        const topP = slider(controls, "top-p", [0.05, 1, 0.01], 1, update);
        const draw = slider(controls, "draw", [0, 0.99, 0.01], 0.5, update);
        const bars = group(section, "bars"), said = state(section);

        function update() {
            buttons.forEach((b, i) => {
                b.ariaPressed = i === t;
                b.className = i > t ? "later" : "";
            });
            const result = sample(logitsAt(n, t), temperature.value, topP.value, draw.value);
            const shown = [...result.order.keys()].slice(0, SHOWN), all = result.order.length;
            if (result.taken >= SHOWN) shown.push(result.taken);
            bars.replaceChildren(...shown.flatMap((i) => row(n.words, result, i)));
            said.replaceChildren(`${result.count} of ${all} words can be drawn (the ${
                                     all - SHOWN} least likely are ` +
                                     `not shown); draw ${draw.value.toFixed(2)} gives `,
                                 element("b", {}, n.words[result.token]));
        }
        update();
    }
    return { build, worst };
})();
