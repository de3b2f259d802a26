(() => {
  const silence = 15000, retry = [1000, 2000, 3000, 5000], retryEnded = 2000, announceEvery = 30000;
  const byId = id => document.getElementById(id);
  let shown = { points: [], state: null };   // what is on the page
  let incoming = shown;                      // what the connection tells, which is the same unless another job runs now
  let source = null, heard = 0, failures = 0, lost = false, wanted = null, drawing = false, announced = { at: 0, end: false };

  // ---- numbers, as the report has them

  const formats = new Map();
  const fixed = (value, decimals) => {
    if (!formats.has(decimals)) formats.set(decimals, new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
    return value === null || value === undefined ? "–" : formats.get(decimals).format(value);
  };
  const whole = value => fixed(value, 0);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const magnitude = value => Math.floor(Math.log10(Math.abs(value)));
  const decimalsFor = error => error > 0 ? clamp(1 - magnitude(error), 0, 12) : 4;
  const significant = (value, digits) => value === null ? "–" : value === 0 ? "0"
    : Math.abs(magnitude(value)) > 9 ? value.toExponential(digits - 1) : fixed(value, clamp(digits - 1 - magnitude(value), 0, 12));
  const duration = seconds => seconds < 90 ? `${whole(Math.ceil(seconds))} s`
    : seconds < 5400 ? `${whole(Math.ceil(seconds / 60))} min` : `${fixed(seconds / 3600, 1)} h`;
  const elapsed = seconds => seconds < 60 ? `${fixed(seconds, 1)} s` : seconds < 3600
    ? `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s` : `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  const count = (number, noun) => `${whole(number)} ${noun}${number === 1 ? "" : "s"}`;

  // ---- elements: written only where something differs

  const text = (element, value) => { if (element.textContent !== value) element.textContent = value; };
  const showIf = (element, value) => { element.hidden = !value; if (value) text(element, value); };
  const make = (name, className, content) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (content !== undefined) element.textContent = content;
    return element;
  };
  /** A name may be broken where its parts meet. */
  const named = (element, name) => {
    if (element.textContent === name) return;
    element.replaceChildren(...name.split(/(?<=[._/-])/).flatMap((part, i) => i > 0 ? [make("wbr"), part] : [part]));
  };
  const rows = (parent, items, create, update) => {
    while (parent.children.length > items.length) parent.lastChild.remove();
    while (parent.children.length < items.length) parent.append(create());
    items.forEach((item, i) => update(parent.children[i], item));
  };
  const cells = (tag, ...classes) => () => {
    const row = document.createElement("tr");
    classes.forEach((name, i) => {
      const cell = make(i === 0 && tag === "th" ? "th" : "td", name);
      if (cell.tagName === "TH") cell.scope = "row";
      row.append(cell);
    });
    return row;
  };

  // ---- the parts of the page

  const words = { starting: "Starting", preparing: "Preparing", running: "Running", finishing: "Finishing", ended: "The job has ended" };

  function drawStatus(state) {
    const failed = state?.end && !["completed", "targetReached"].includes(state.end.reason);
    const status = state?.end ? (failed ? "failed" : "ended") : lost ? "lost" : !state ? "connecting"
      : state.phase === "running" || state.phase === "finishing" ? "running" : "preparing";
    document.body.dataset.status = status;
    text(byId("status"), status === "lost" ? "Connection lost, trying again" : state ? words[state.phase] : "Connecting");
  }

  /** A number with what it may be off by: the trace, or the eigenvalue that is furthest out and its residual. */
  function figureOf({ isExact, trace, eigenvalues }) {
    const found = eigenvalues?.values.reduce((a, b) => Math.abs(b.value) > Math.abs(a.value) ? b : a);
    const value = trace?.trace ?? found?.value ?? null, error = (trace ? trace.standardError : found?.residual) ?? null;
    return { value, error, text: value === null ? "–" : error ? fixed(value, decimalsFor(error)) : significant(value, isExact ? 8 : 6) };
  }

  function drawHero(state) {
    const { title, phase, isExact, tellsTrace, unit, trace, eigenvalues, exactTrace, progress, workers, end } = state;
    const { value, error, text: figure } = figureOf(state);
    text(byId("title"), title);
    const decimals = decimalsFor(error);
    text(byId("trace"), figure);
    byId("trace").classList.toggle("none", value === null);
    byId("trace").dataset.value = value === null ? "" : String(value);
    byId("trace").dataset.error = error === null ? "" : String(error);
    text(byId("error"), error ? `± ${fixed(error, decimals)}` : "");
    // Results are merged in the order of the probes: one that is missing holds up what comes after it.
    const ahead = progress && trace && trace.probes < progress.probes ? `, by the first ${whole(trace.probes)} probes` : "";
    text(byId("interval"), trace && trace.low !== null ? `${significant(trace.level * 100, 2)} % interval ${fixed(trace.low, decimals)} to ${fixed(trace.high, decimals)}${ahead}`
      : trace ? (isExact ? "Exact: it has no sampling error" : "One probe, so there is no standard error")
      : eigenvalues ? `The largest in size so far, and its residual, to be at most ${significant(eigenvalues.tolerance, 2)}`
      : !tellsTrace ? (end ? "In the report" : "In the report, once all is done")
      : isExact ? "An exact trace is a sum: it is there when its last part is" : "No estimate yet");
    showIf(byId("exact"), exactTrace === null || isExact ? "" : `Exact ${significant(exactTrace, 6)}`
      + (error ? `, ${fixed(Math.abs(trace.trace - exactTrace) / error, 1)} standard errors away` : ""));
    byId("progress").value = progress ? progress.probes / Math.max(progress.total, 1) : 0;
    byId("done").dataset.value = progress ? progress.probes : 0;
    text(byId("done"), progress ? `${whole(progress.probes)} of ${progress.atMost ? (tellsTrace ? "about " : "at most ") : ""}${count(progress.total, unit)}`
      : phase === "preparing" ? `Waiting for workers to be ready: ${count(workers.states.reduce((sum, { count }) => sum + count, 0), "worker")} so far` : "Nothing computed yet");
    text(byId("left"), progress?.secondsLeft && !end && !lost ? `about ${duration(progress.secondsLeft)} left` : "");
    showIf(byId("end"), end?.text ?? "");
    text(byId("speed"), progress ? significant(progress.probesPerSecond, 3) : "–");
    for (const id of ["speed-unit", "worker-speed"]) text(byId(id), `${unit}s/s`);
    text(byId("elapsed"), progress ? elapsed(progress.elapsedSeconds) : "–");
    document.title = (value !== null ? `${byId("trace").textContent} ${byId("error").textContent} · ` : "") + `${byId("status").textContent} · ActorHutch`;
  }

  function drawChunks(chunks) {
    const names = { done: "done", left: "left", inFlight: "in-flight", reissued: "reissued", copies: "copies", failed: "failed", disagreements: "disagreements" };
    for (const [name, id] of Object.entries(names)) {
      const cell = byId(`chunks-${id}`);
      text(cell, whole(chunks[name]));
      if ("bad" in cell.dataset) cell.dataset.bad = chunks[name] > 0 ? "yes" : "";
    }
  }

  function drawBlocks(blocks, more, isExact) {
    const largest = Math.max(...blocks.map(block => Math.abs(block.trace)), 1e-300);
    const create = () => {
      const row = cells("th", "", "number", "number", "wide")();
      const bar = make("span", "bar");
      bar.append(make("i"), make("b"));
      row.lastChild.append(bar);
      return row;
    };
    rows(byId("blocks").tBodies[0], blocks, create, (row, { name, trace, standardError: error }) => {
      const decimals = isExact ? 6 : decimalsFor(error);
      named(row.cells[0], name);
      text(row.cells[1], fixed(trace, decimals));
      text(row.cells[2], isExact ? "exact" : error === null ? "–" : fixed(error, decimals));
      const bar = row.cells[3].firstChild;
      const size = Math.abs(trace) / largest, half = (error ?? 0) / largest;
      bar.className = trace < 0 ? "bar negative" : isExact ? "bar exact" : "bar";
      bar.children[0].style.width = `${size * 100}%`;
      bar.children[1].style.left = `${clamp(size - half, 0, 1) * 100}%`;
      bar.children[1].style.width = `${(clamp(size + half, 0, 1) - clamp(size - half, 0, 1)) * 100}%`;
    });
    showIf(byId("blocks-more"), more > 0 ? `and ${whole(more)} more, in the report` : blocks.length === 0 ? "Nothing is known of them yet" : "");
  }

  function drawEigenvalues(eigenvalues) {
    byId("found").hidden = !eigenvalues;
    if (!eigenvalues) return;
    text(byId("found-state"), eigenvalues.measured ? "residuals measured" : "residuals by the recurrence");
    rows(byId("eigenvalues").tBodies[0], eigenvalues.values, cells("td", "number", "number"), (row, { value, residual }) => {
      text(row.cells[0], residual > 0 ? fixed(value, decimalsFor(residual)) : significant(value, 8));
      text(row.cells[1], significant(residual, 2));
    });
  }

  function drawWorkers({ states, rows: list, more }) {
    text(byId("workers-states"), states.map(({ state, count }) => `${whole(count)} ${state}`).join(", "));
    const create = () => {
      const row = cells("th", "", "", "number", "number", "number share")();
      row.cells[0].append(make("span"), make("small"), make("small", "bad"));
      row.cells[1].append(make("span", "state"));
      return row;
    };
    rows(byId("workers").tBodies[0], list, create, (row, worker) => {
      const [name, device, reason] = row.cells[0].children;
      named(name, worker.id);
      text(device, worker.device);
      showIf(reason, worker.reason && !["left", "leaving"].includes(worker.state) ? worker.reason : "");
      const state = row.cells[1].firstChild;
      text(state, worker.state);
      if (state.className !== `state ${worker.state}`) state.className = `state ${worker.state}`;
      text(row.cells[2], whole(worker.chunks));
      text(row.cells[3], significant(worker.probesPerSecond, 3));
      text(row.cells[4], `${fixed(worker.share * 100, worker.share > 0 && worker.share < 0.1 ? 1 : 0)} %`);
    });
    showIf(byId("workers-more"), more > 0 ? `and ${count(more, "more worker")}; those that something is to be said of come first` : "");
  }

  function drawNews(news) {
    const create = () => {
      const item = document.createElement("li");
      item.append(make("time"), make("span"));
      return item;
    };
    rows(byId("news"), news, create, (item, { time, mood, text: what }) => {
      const [when, said] = item.children;
      if (when.dateTime !== time) {
        when.dateTime = time;
        text(when, new Date(time).toLocaleTimeString("en-GB"));
      }
      text(said, what);
      if (said.className !== mood) said.className = mood;
    });
  }

  function drawFacts(facts) {
    const flat = facts.flatMap(({ name, text }) => [["dt", name], ["dd", text]]);
    if (byId("facts").children.length !== flat.length) byId("facts").replaceChildren(...flat.map(([tag]) => make(tag)));
    flat.forEach(([, value], i) => text(byId("facts").children[i], value));
  }

  /** Some ten of the points, for those who read the curve. */
  function drawPoints(points) {
    const step = Math.max(1, Math.ceil(points.length / 10));
    const some = points.filter((_, i) => (points.length - 1 - i) % step === 0);
    rows(byId("points"), some, cells("th", "number", "number", "number"), (row, [probes, trace, half]) => {
      const decimals = decimalsFor(half);
      text(row.cells[0], whole(probes));
      text(row.cells[1], fixed(trace, decimals));
      text(row.cells[2], fixed(half, decimals));
    });
  }

  /** A screen reader is told now and then, and of the end at once. */
  function announce(state) {
    const { trace, progress, end } = state;
    const now = Date.now();
    if (figureOf(state).value === null || (end ? announced.end : now - announced.at < announceEvery)) return;
    announced = { at: now, end: Boolean(end) };
    const share = progress ? `, ${Math.round(100 * progress.probes / Math.max(progress.total, 1))} percent done` : "";
    text(byId("announce"), `${end ? "The job has ended. " : ""}${trace ? "Trace" : "Eigenvalue"} ${byId("trace").textContent}, ${trace ? "standard error" : "residual"} ${byId("error").textContent.slice(2) || "none"}${end ? "" : share}`);
  }

  function draw() {
    drawing = false;
    const state = shown.state;
    drawStatus(state);
    if (!state) return;
    drawHero(state);
    drawChunks(state.chunks);
    byId("parts").hidden = !state.tellsTrace;
    drawBlocks(state.blocks, state.moreBlocks, state.isExact && Boolean(state.trace));
    drawEigenvalues(state.eigenvalues);
    drawWorkers(state.workers);
    drawNews(state.news);
    drawFacts(state.facts);
    byId("curve").hidden = state.isExact || !state.tellsTrace;
    const { trace } = state;
    const points = [...shown.points];
    // The latest chunks are ahead of the last point of the evenly spaced ones.
    if (trace && (points.length === 0 || points.at(-1)[0] < trace.probes))
      points.push([trace.probes, trace.trace, trace.low === null ? null : (trace.high - trace.low) / 2]);
    if (!byId("curve").hidden) {
      chart.draw(byId("plot"), points, state.exactTrace, { fixed, whole, decimalsFor, significant });
      byId("exact-key").hidden = state.exactTrace === null;
      if (trace?.level) text(byId("level"), `${significant(trace.level * 100, 2)} % interval`);
      if (byId("points").closest("details").open) drawPoints(points);
    }
    announce(state);
  }

  function drawSoon() {
    if (drawing || document.hidden) return;
    drawing = true;
    requestAnimationFrame(draw);
  }

  // ---- the connection

  function connect() {
    incoming = { points: [], state: null };
    heard = Date.now();
    source = new EventSource("events");
    source.addEventListener("history", event => {
      const { from, points } = JSON.parse(event.data);
      incoming.points.length = from;
      incoming.points.push(...points);
    });
    source.addEventListener("state", event => take(JSON.parse(event.data)));
    source.addEventListener("beat", () => { heard = Date.now(); });
    source.onerror = disconnected;
  }

  function take(state) {
    heard = Date.now();
    incoming.state = state;
    failures = 0;
    lost = false;
    // What a job came to stays until somebody asks for the next one.
    const another = shown.state?.end && shown.state.run !== state.run && wanted !== state.run;
    byId("another").hidden = !another;
    if (!another) {
      if (shown.state?.run !== state.run) announced = { at: 0, end: false };
      shown = incoming;
    }
    if (state.end) disconnected();
    drawSoon();
  }

  function disconnected() {
    source.close();
    const ended = incoming.state?.end || shown.state?.end;
    lost = !ended;
    if (!ended) byId("another").hidden = true;
    setTimeout(connect, ended ? retryEnded : retry[Math.min(failures++, retry.length - 1)]);
    drawSoon();
  }

  setInterval(() => {
    // A connection that was cut somewhere on the way looks like one that has nothing to say.
    if (source.readyState !== EventSource.CLOSED && Date.now() - heard > silence) disconnected();
  }, 1000);
  byId("show").addEventListener("click", () => { wanted = incoming.state.run; take(incoming.state); byId("title").scrollIntoView(); });
  document.addEventListener("visibilitychange", drawSoon);
  byId("points").closest("details").addEventListener("toggle", drawSoon);
  new ResizeObserver(drawSoon).observe(byId("plot"));
  connect();
})();
