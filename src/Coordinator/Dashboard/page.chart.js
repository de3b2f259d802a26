"use strict";
/** The curve and its band, drawn into an element's box; the pointer reads it. */
const chart = (() => {
  const svgns = "http://www.w3.org/2000/svg";
  const margin = { top: 10, right: 14, bottom: 26 };
  const make = (name, attributes, content) => {
    const element = document.createElementNS(svgns, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (content !== undefined) element.textContent = content;
    return element;
  };

  /** Round numbers that cut a range into about so many parts. */
  function ticks(low, high, parts) {
    const raw = (high - low) / parts, power = 10 ** Math.floor(Math.log10(raw));
    const step = power * ([1, 2, 5].find(factor => factor * power >= raw) ?? 10);
    const values = [];
    for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) values.push(value);
    return { values, step };
  }

  /** What is worth seeing: the band of all but the first tenth, which is so wide that the rest would look flat. */
  function range(points, exact) {
    const seen = points.slice(Math.floor(points.length / 10)).filter(([, , half]) => half !== null);
    const values = (seen.length ? seen : points).flatMap(([, trace, half]) => [trace - (half ?? 0), trace + (half ?? 0)]);
    if (exact !== null) values.push(exact);
    const low = Math.min(...values), high = Math.max(...values);
    const room = (high - low) * 0.06 || Math.abs(high) * 0.01 || 1;
    return [low - room, high + room];
  }

  let read = null;   // where the pointer is, in the plot's pixels

  function draw(box, points, exact, { fixed, whole, decimalsFor, significant }) {
    const { width, height } = box.getBoundingClientRect();
    if (width < 50) return;
    const svg = make("svg", { role: "img", "aria-labelledby": "plot-says" });
    const last = points.at(-1);
    svg.append(make("title", { id: "plot-says" }, last
      ? `The estimate after ${whole(last[0])} probes is ${significant(last[1], 5)}; the band around it narrows with the number of probes`
      : "No estimate yet"));
    if (!last) {
      svg.append(make("text", { x: width / 2, y: height / 2, "text-anchor": "middle", class: "none" }, "The curve begins with the first chunk"));
      box.replaceChildren(svg);
      return;
    }

    const [low, high] = range(points, exact);
    const yTicks = ticks(low, high, height < 280 ? 4 : 6);
    const decimals = Math.max(0, -Math.floor(Math.log10(yTicks.step) + 1e-9));
    const labels = yTicks.values.map(value => fixed(value, Math.min(decimals, 12)));
    const left = 12 + 7 * Math.max(...labels.map(label => label.length));
    const right = width - margin.right, bottom = height - margin.bottom;
    const x = probes => left + (right - left) * probes / last[0];
    const y = value => bottom - (bottom - margin.top) * (value - low) / (high - low);

    yTicks.values.forEach((value, i) => svg.append(
      make("line", { class: "grid", x1: left, x2: right, y1: y(value), y2: y(value) }),
      make("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, labels[i])));
    const room = Math.max(2, Math.floor((right - left) / 110));
    for (const value of ticks(0, last[0], room).values.filter(Number.isInteger))
      svg.append(make("text", { x: x(value), y: height - 6, "text-anchor": value === 0 ? "start" : x(value) > right - 30 ? "end" : "middle" }, value === 0 ? "0 probes" : whole(value)));

    const clip = make("clipPath", { id: "plot-area" });
    clip.append(make("rect", { x: left, y: margin.top, width: right - left + 8, height: bottom - margin.top }));
    const drawn = make("g", { "clip-path": "url(#plot-area)" });
    const sure = points.filter(([, , half]) => half !== null);
    const edge = (list, side) => list.map(([probes, trace, half]) => `${x(probes).toFixed(1)},${y(trace + side * half).toFixed(1)}`).join(" ");
    if (sure.length > 1) drawn.append(make("polygon", { class: "band", points: `${edge(sure, 1)} ${edge([...sure].reverse(), -1)}` }));
    if (exact !== null) drawn.append(make("line", { class: "exact", x1: left, x2: right, y1: y(exact), y2: y(exact) }));
    drawn.append(make("polyline", { class: "curve", points: edge(points.map(([probes, trace]) => [probes, trace, 0]), 0) }));
    drawn.append(make("circle", { class: "dot", cx: x(last[0]), cy: y(last[1]), r: 5 }));
    svg.append(clip, drawn);

    if (read !== null && read >= left - 5 && read <= right + 5) {
      const probes = (read - left) / (right - left) * last[0];
      const near = points.reduce((best, point) => Math.abs(point[0] - probes) < Math.abs(best[0] - probes) ? point : best);
      const places = decimalsFor(near[2]), at = x(near[0]);
      svg.append(
        make("line", { class: "cross", x1: at, x2: at, y1: margin.top, y2: bottom }),
        make("circle", { class: "dot", cx: at, cy: clampTo(y(near[1]), margin.top, bottom), r: 4 }),
        make("text", { class: "readout", x: at, y: margin.top + 10, dx: at > width / 2 ? -8 : 8, "text-anchor": at > width / 2 ? "end" : "start" },
          `${fixed(near[1], places)} ± ${fixed(near[2], places)} after ${whole(near[0])} probes`));
    }

    box.replaceChildren(svg);
    box.onpointermove = event => { read = event.clientX - box.getBoundingClientRect().left; draw(box, points, exact, { fixed, whole, decimalsFor, significant }); };
    box.onpointerleave = () => { read = null; draw(box, points, exact, { fixed, whole, decimalsFor, significant }); };
  }

  const clampTo = (value, low, high) => Math.min(Math.max(value, low), high);
  return { draw };
})();
