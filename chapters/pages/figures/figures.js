"use strict";
// What the figures share. A figure is an object { build(section, numbers), worst(numbers) } in
// figures.NAME: build fills its section of the page; worst returns the largest difference between
// what this code computes and what the C code did (numbers.checks).
const figures = {};

function element(tag, properties, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
}

function svgElement(tag, attributes, parent, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const name in attributes) made.setAttribute(name, attributes[name]);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
}

// A labelled slider over [min, max, step] that shows its value as shown(value). changed is called
// when the reader moves it; value can be set, too.
function slider(parent, label, [min, max, step], value, changed, shown = (v) => v.toFixed(2)) {
    const input = element("input", { type: "range", min, max, step, value });
    const output = element("output", {});
    const show = () => {
        output.textContent = shown(Number(input.value));
        input.setAttribute("aria-valuetext", output.textContent);
    };
    input.addEventListener("input", () => {
        show();
        changed();
    });
    parent.append(
        element("label", { className: "control" }, element("span", {}, label), input, output));
    show();
    return {
        input,
        get value() { return Number(input.value); },
        set value(v) {
            input.value = v;
            show();
        },
    };
}

function button(parent, label, clicked) {
    const made = element("button", { type: "button" }, label);
    made.addEventListener("click", clicked);
    parent.append(made);
    return made;
}

function checkbox(parent, label, checked, changed) {
    const input = element("input", { type: "checkbox", checked });
    input.addEventListener("change", changed);
    parent.append(element("label", { className: "check" }, input, label));
    return input;
}

// A line of text that says what the figure shows; screen readers read it when it changes.
function state(parent) {
    const made = element("p", { className: "state" });
    made.setAttribute("aria-live", "polite");
    parent.append(made);
    return made;
}

// Where the pointer is pressed on area, start gets the data-drag of the element there, and returns
// what is called with x and y in area while the pointer is held, or nothing.
function draggable(area, start) {
    let moved;
    const on = (type, listener) => area.addEventListener(type, listener, { passive: false });
    const move = (event) => {
        const box = area.getBoundingClientRect();
        moved?.(event.clientX - box.left, event.clientY - box.top);
    };
    on("pointerdown", (event) => {
        moved = start(event.target.dataset.drag);
        if (moved) area.setPointerCapture(event.pointerId);
        move(event);
    });
    on("pointermove", move);
    for (const end of ["pointerup", "pointercancel"]) on(end, () => { moved = undefined; });
    // a finger does not scroll the page instead, nor the mouse select text
    for (const type of ["touchstart", "mousedown"]) on(type, (e) => moved && e.preventDefault());
}

// A plot with two axes, { from, to, ticks, title, log, shown }. It is as wide as its section and
// drawn again when that changes, so that text keeps its size on a phone. draw(plot) adds what is in
// it.
class Plot {
    constructor(parent, label, horizontal, vertical, draw) {
        Object.assign(this, { horizontal, vertical, draw, width: 0, height: 300 });
        Object.assign(this, { left: 44, right: 14, top: 26, bottom: 40 });
        this.svg = svgElement("svg", { height: 300, role: "img", "aria-label": label }, parent);
        this.drawing = svgElement("g", {}, this.svg);
        this.handles = {};
        new ResizeObserver(() => {
            if (Math.round(this.svg.getBoundingClientRect().width) !== this.width) this.redraw();
        }).observe(this.svg);
    }

    static share(axis, value) {
        const f = axis.log ? Math.log : Number;
        return (f(value) - f(axis.from)) / (f(axis.to) - f(axis.from));
    }

    // pixels of a value, and the values (of a linear axis) of pixels
    x(value) { return this.left + Plot.share(this.horizontal, value) * this.inner()[0]; }
    y(value) { return this.top + (1 - Plot.share(this.vertical, value)) * this.inner()[1]; }
    inner() { return [this.width - this.left - this.right, this.height - this.top - this.bottom]; }
    valueX(x) {
        const { from, to } = this.horizontal;
        return from + (x - this.left) / this.inner()[0] * (to - from);
    }
    valueY(y) {
        const { from, to } = this.vertical;
        return to - (y - this.top) / this.inner()[1] * (to - from);
    }

    add(tag, attributes, text) { svgElement(tag, attributes, this.drawing, text); }
    // A ring to drag. It stays when the rest is drawn again: a finger's events end with its target.
    handle(name, cx, cy) {
        this.handles[name] ??= [{ class: "handle", r: 7 }, { r: 22, "data-drag": name }].map(
            (attributes) => svgElement("circle", attributes, this.svg));
        for (const circle of this.handles[name]) {
            circle.setAttribute("cx", cx);
            circle.setAttribute("cy", cy);
        }
    }
    curve(name, points) {
        const inside = (y) => Math.min(1e4, Math.max(-1e4, y)).toFixed(1);
        const path = points.map(([x, y]) => `${this.x(x).toFixed(1)} ${inside(this.y(y))}`);
        this.add("path", { class: name, d: "M" + path.join("L") });
    }

    redraw() {
        const end = "text-anchor", { height, left, right, horizontal, vertical } = this;
        this.width = Math.round(this.svg.getBoundingClientRect().width) || 600;
        this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
        this.drawing.replaceChildren();
        for (const value of vertical.ticks) {
            const y = this.y(value), text = (vertical.shown ?? String)(value);
            this.add("path", { class: "axis", d: `M${left} ${y}H${this.width - right}` });
            this.add("text", { x: left - 10, y: y + 4, [end]: "end" }, text);
        }
        for (const value of horizontal.ticks) {
            const text = (horizontal.shown ?? String)(value);
            this.add("text", { x: this.x(value), y: height - 22, [end]: "middle" }, text);
        }
        this.add("text", { x: 4, y: 12 }, vertical.title);
        this.add("text", { x: this.width - right, y: height - 5, [end]: "end" }, horizontal.title);
        this.draw(this);
    }
}

// A table with a head of names; returns what shows its rows, arrays of cells.
function table(parent, names) {
    const body = element("tbody", {});
    const head = names.map((name) => element("th", { scope: "col" }, name));
    parent.append(element("table", {}, element("thead", {}, element("tr", {}, ...head)), body));
    return (rows) => body.replaceChildren(...rows.map(
               (cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell)))));
}

function heading(section, title, text) {
    section.append(element("h3", {}, title), element("p", {}, text));
}

function group(section, className) {
    const made = element("div", { className });
    section.append(made);
    return made;
}

// The largest difference of two numbers or arrays, relative where they are large; Infinity for NaN
// and other lengths.
function difference(actual, expected) {
    if (Array.isArray(expected)) {
        if (actual.length !== expected.length) return Infinity;
        return expected.reduce((most, e, i) => Math.max(most, difference(actual[i], e)), 0);
    }
    const d = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
    return Number.isNaN(d) ? Infinity : d;
}

// The indices of the highest scores, by chapter 02's rule: of equal ones the lower index is first.
function best(scores, count) {
    const index = [];
    scores.forEach((score, i) => {
        let rank = index.length;
        while (rank > 0 && score > scores[index[rank - 1]]) rank--;
        if (rank < count) index.splice(rank, 0, i);
        if (index.length > count) index.pop();
    });
    return index;
}

function numbersOf(name) {
    return JSON.parse(document.getElementById("numbers-" + name).textContent);
}

document.addEventListener("DOMContentLoaded", () => {
    for (const section of document.querySelectorAll("section.figure")) {
        section.hidden = false;
        figures[section.dataset.figure].build(section, numbersOf(section.dataset.figure));
    }
});
