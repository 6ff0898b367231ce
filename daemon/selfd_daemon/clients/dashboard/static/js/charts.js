// Pictures in SVG: each says in words what it shows, and colours are the page's own.

const NAMESPACE = "http://www.w3.org/2000/svg";

/** Make an SVG element. */
function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A picture of a size in its own units, with the words that stand for it. */
function picture(label, width, height, className, ...children) {
  const fit = className === "spark" ? "none" : "xMinYMid";
  return svg("svg", { class: className, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: fit, role: "img", "aria-label": label }, ...children);
}

/** Bars for what was, and a hollow one for what is expected next. */
export function sparkline(values, next, label) {
  const most = Math.max(...values, next ?? 0, 1);
  const bars = next === null ? values : [...values, next];
  const [wide, high] = [8, 32];
  return picture(label, bars.length * wide, high, "spark", bars.map((value, at) => {
    const tall = Math.max((value / most) * (high - 2), value > 0 ? 2 : 0.5);
    return svg("rect", { x: at * wide + 1, y: high - tall, width: wide - 2, height: tall, class: at < values.length ? "bar" : "next" });
  }));
}

/** Values between 0 and 1 over time. */
export function line(values, label) {
  const [wide, high] = [160, 40];
  const step = values.length > 1 ? wide / (values.length - 1) : 0;
  const points = values.map((value, at) => `${(at * step).toFixed(1)},${(high - 3 - value * (high - 6)).toFixed(1)}`);
  const [x, y] = points.at(-1).split(",");
  return picture(label, wide + 4, high, "spark", svg("polyline", { points: points.join(" "), class: "curve" }),
    svg("circle", { cx: x, cy: y, r: 3, class: "bar" }));
}

/** A value on a scale from `low` to `high`, from its zero on. */
export function gauge(value, low, high, label) {
  const [wide, tall] = [200, 12];
  const place = (of) => ((Math.min(high, Math.max(low, of)) - low) / (high - low)) * wide;
  const [from, to] = [place(0), place(value)].sort((a, b) => a - b);
  return picture(label, wide, tall, "gauge", svg("rect", { x: 0, y: 3, width: wide, height: 6, rx: 3, class: "track" }),
    svg("rect", { x: from, y: 3, width: Math.max(to - from, 1), height: 6, rx: 3, class: "bar" }),
    low < 0 ? svg("line", { x1: place(0), x2: place(0), y1: 0, y2: tall, class: "axis" }) : null);
}

/** A share with the interval that it lies in. */
export function interval(low, share, high, label) {
  const [wide, tall] = [200, 12];
  return picture(label, wide, tall, "gauge", svg("rect", { x: 0, y: 4, width: wide, height: 4, rx: 2, class: "track" }),
    svg("rect", { x: low * wide, y: 2, width: Math.max((high - low) * wide, 1), height: 8, rx: 4, class: "span" }),
    share === null ? null : svg("circle", { cx: share * wide, cy: 6, r: 5, class: "bar" }));
}

/** How sure it was against how often it was right; on the diagonal it knew. */
export function calibrationPlot(bins) {
  const size = 180;
  const most = Math.max(...bins.map((bin) => bin.answers));
  const told = bins.map((bin) => `${Math.round(bin.predicted * 100)} % sure, ${Math.round(bin.right * 100)} % right, ${bin.answers} answers`);
  return picture(`Calibration: ${told.join("; ")}`, size + 30, size + 30, "plot",
    svg("rect", { x: 26, y: 4, width: size, height: size, class: "frame" }),
    svg("line", { x1: 26, y1: size + 4, x2: size + 26, y2: 4, class: "axis" }),
    bins.map((bin) => svg("circle", {
      cx: 26 + bin.predicted * size, cy: 4 + (1 - bin.right) * size, r: 3 + 6 * Math.sqrt(bin.answers / most), class: "dot",
    })),
    svg("text", { x: 26 + size / 2, y: size + 26, "text-anchor": "middle" }, "how sure"),
    svg("text", { x: -size / 2, y: 16, "text-anchor": "middle", transform: "rotate(-90)" }, "how often right"));
}

/** Areas in proportion to sizes (squarified: Bruls, Huizing & van Wijk 2000), so wide in pixels. `items`: {name, size, told}. */
export function treemap(items, label, wide) {
  const high = 260;
  const total = items.reduce((sum, item) => sum + item.size, 0) || 1;
  const areas = items.filter((item) => item.size > 0).sort((a, b) => b.size - a.size)
    .map((item, at) => ({ ...item, at, area: (item.size / total) * wide * high }));
  const placed = [];
  let room = { x: 0, y: 0, wide, high };
  while (areas.length) {
    const row = [areas.shift()];
    const side = Math.min(room.wide, room.high);
    while (areas.length && worst([...row, areas[0]], side) <= worst(row, side)) row.push(areas.shift());
    room = lay(row, room, placed);
  }
  return picture(label, wide, high, "treemap", placed.map((box) => svg("g", {},
    svg("rect", { x: box.x + 1, y: box.y + 1, width: Math.max(box.wide - 2, 0.5), height: Math.max(box.high - 2, 0.5), rx: 3, class: `area shade${box.at % 4}` }),
    svg("title", {}, `${box.name}: ${box.told}`),
    box.wide > 70 && box.high > 34 ? [svg("text", { x: box.x + 8, y: box.y + 19 }, clip(box.name, box.wide)),
      svg("text", { x: box.x + 8, y: box.y + 34, class: "small" }, clip(box.told, box.wide))] : null)));
}

const clip = (text, wide) => (text.length * 8 > wide - 12 ? `${text.slice(0, Math.max(1, Math.floor((wide - 20) / 8)))}…` : text);

/** The least square of a row's boxes: longer side over shorter. */
function worst(row, side) {
  const sum = row.reduce((total, { area }) => total + area, 0);
  const areas = row.map(({ area }) => area);
  return Math.max((side * side * Math.max(...areas)) / (sum * sum), (sum * sum) / (side * side * Math.min(...areas)));
}

/** Place a row along the shorter side; give the room that is left. */
function lay(row, room, placed) {
  const sum = row.reduce((total, { area }) => total + area, 0);
  const upright = room.wide >= room.high;
  const deep = sum / (upright ? room.high : room.wide);
  let along = upright ? room.y : room.x;
  for (const item of row) {
    const long = item.area / deep;
    placed.push(upright ? { ...item, x: room.x, y: along, wide: deep, high: long } : { ...item, x: along, y: room.y, wide: long, high: deep });
    along += long;
  }
  return upright ? { ...room, x: room.x + deep, wide: room.wide - deep } : { ...room, y: room.y + deep, high: room.high - deep };
}
