// The points: drawn, zoomed, hovered, lassoed.
const map = byId('map');
const view = { k: 1, x: 0, y: 0 }; // zoom and shift, in pixels
let points = stream().points;
let moving = null; // from where to where points move, since when
let path = null; // of the lasso
let stale = true;

function place(i) {
  const side = Math.min(map.clientWidth, map.clientHeight);
  const r = view.k * side * 0.46;
  return [
    map.clientWidth / 2 + view.x + r * points[i][0],
    map.clientHeight / 2 + view.y - r * points[i][1],
  ];
}

function movePoints() {
  const goal = stream().points;
  if (calm || goal === points) points = goal;
  else moving = { from: points, to: goal, since: performance.now() };
  stale = true;
}

function stepPoints(now) {
  if (!moving) return;
  const x = Math.min((now - moving.since) / 600, 1);
  const ease = x * x * (3 - 2 * x);
  points = x < 1 ? moving.to.map(([a, b], i) => {
    const [c, d] = moving.from[i];
    return [c + ease * (a - c), d + ease * (b - d)];
  }) : moving.to;
  if (x >= 1) moving = null;
  stale = true;
}

function drawMap() {
  if (!stale) return;
  stale = false;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [map.clientWidth, map.clientHeight];
  if (map.width !== Math.round(width * ratio) || map.height !== Math.round(height * ratio)) {
    map.width = Math.round(width * ratio);
    map.height = Math.round(height * ratio);
  }
  const g = map.getContext('2d');
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  const r = radius();
  const near = state.hover >= 0 ? stream().neighbours[state.hover] : [];
  const lit = new Set([state.hover, ...near]);
  for (let i = 0; i < N; i++) {
    const look = lookOf(i);
    g.globalAlpha = !isShown(i) ? 0.07 : state.hover >= 0 && !lit.has(i) ? 0.38 : 0.85;
    g.fillStyle = look.colour;
    drawMark(g, look.shape, ...place(i), r);
  }
  g.globalAlpha = 1;
  for (const i of state.selected) ring(g, i, r + 1.5, themeColour('--accent'), 1.5);
  for (const i of state.pinned) ring(g, i, r + 3, themeColour('--ink'), 2);
  if (state.hover >= 0) {
    g.strokeStyle = themeColour('--ink');
    g.lineWidth = 1;
    for (const j of near) {
      g.beginPath();
      g.moveTo(...place(state.hover));
      g.lineTo(...place(j));
      g.stroke();
      ring(g, j, r + 2, themeColour('--ink'), 1);
    }
    ring(g, state.hover, r + 5, themeColour('--ink'), 2.5);
  }
  if (path) {
    g.beginPath();
    for (const point of path) g.lineTo(...point);
    g.closePath();
    g.strokeStyle = themeColour('--accent');
    g.fillStyle = themeColour('--veil');
    g.lineWidth = 2;
    g.fill();
    g.stroke();
  }
}

function radius() {
  const side = Math.min(map.clientWidth, map.clientHeight);
  return Math.max(2.5, Math.min(11, side / 7 / Math.sqrt(N) * Math.sqrt(view.k) + 0.8));
}

function ring(g, i, r, colour, width) {
  g.strokeStyle = colour;
  g.lineWidth = width;
  g.beginPath();
  g.arc(...place(i), r, 0, 2 * Math.PI);
  g.stroke();
}

// The clip at a point of the canvas, -1 if there is none.
function clipAt(x, y) {
  let best = -1;
  let least = Math.max(12, radius() + 4);
  for (let i = 0; i < N; i++) {
    if (!isShown(i)) continue;
    const [px, py] = place(i);
    const distance = Math.hypot(px - x, py - y);
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

function zoom(factor, x, y) {
  const k = Math.max(0.6, Math.min(30, view.k * factor));
  const cx = x - map.clientWidth / 2;
  const cy = y - map.clientHeight / 2;
  view.x = cx - (cx - view.x) * (k / view.k);
  view.y = cy - (cy - view.y) * (k / view.k);
  view.k = k;
  stale = true;
}

function isInside([x, y], polygon) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [polygon[i], polygon[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

const fingers = new Map();
let travelled = 0;
const spot = (event) => {
  const box = map.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

map.onpointerdown = (event) => {
  map.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, spot(event));
  travelled = 0;
  if (fingers.size > 1) path = null;
  else if (state.lasso || event.shiftKey) path = [spot(event)];
};

map.onpointermove = (event) => {
  const now = spot(event);
  const before = fingers.get(event.pointerId);
  if (!before) {
    hover(clipAt(...now), now);
    return;
  }
  travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
  if (path) path.push(now);
  else if (fingers.size === 2) {
    const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, p]) => p);
    const span = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
    zoom(span(now) / Math.max(span(before), 1), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  } else if (travelled > 4) {
    view.x += now[0] - before[0];
    view.y += now[1] - before[1];
  }
  fingers.set(event.pointerId, now);
  stale = true;
};

map.onpointerup = (event) => {
  const now = spot(event);
  if (path && travelled > 8) {
    const inside = [...Array(N).keys()].filter((i) => isShown(i) && isInside(place(i), path));
    select(inside);
  } else if (travelled <= 4) {
    const i = clipAt(...now);
    // a finger cannot hover: its first tap does, the second one pins
    if (i >= 0 && (event.pointerType === 'mouse' || i === state.hover)) togglePin(i);
    hover(i, now);
  }
  path = null;
  fingers.delete(event.pointerId);
  stale = true;
};
map.onpointercancel = (event) => { fingers.delete(event.pointerId); path = null; stale = true; };
map.onpointerleave = (event) => { if (event.pointerType === 'mouse' && !fingers.size) hover(-1); };
map.onwheel = (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * 0.0015), ...spot(event));
};
map.ondblclick = (event) => zoom(2, ...spot(event));
new ResizeObserver(() => { stale = true; }).observe(map);

// The nearest shown point in a direction, for arrow keys.
function clipTowards(dx, dy) {
  const clips = [...Array(N).keys()].filter(isShown);
  if (state.hover < 0) return clips[0] ?? -1;
  const [x, y] = place(state.hover);
  let best = state.hover;
  let least = Infinity;
  for (const i of clips) {
    const [px, py] = place(i);
    const along = (px - x) * dx + (py - y) * dy;
    const aside = Math.abs((px - x) * dy - (py - y) * dx);
    if (i === state.hover || along <= 0.5 || aside > 2 * along) continue;
    if (along + 2 * aside < least) [best, least] = [i, along + 2 * aside];
  }
  return best;
}
map.onkeydown = (event) => {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (way) { hover(clipTowards(...way), null, true); event.preventDefault(); }
  if (event.key === 'Enter' && state.hover >= 0) togglePin(state.hover);
  if (event.key === '+' || event.key === '-') {
    zoom(event.key === '+' ? 1.4 : 1 / 1.4, map.clientWidth / 2, map.clientHeight / 2);
  }
};
