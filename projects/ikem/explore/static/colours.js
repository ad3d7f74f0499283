// Colours of the theme, of groups and of numbers.
let theme = new Map();
const dark = matchMedia('(prefers-color-scheme: dark)');
dark.addEventListener('change', () => { theme = new Map(); redraw(); });

function themeColour(name) {
  if (!theme.has(name)) {
    theme.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  }
  return theme.get(name);
}

// Told apart by the colour-blind in the first eight (Okabe and Ito).
const HUES = [
  '#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00',
  '#8c6bb1', '#8a8f98', '#7a4a21', '#a5c828', '#e0457b', '#1fb5a8',
];
const SHAPES = ['circle', 'square', 'triangle', 'diamond', 'cross'];

// Values of the colour with their looks, in order; redone when it changes.
let looks = new Map();
let scale = null; // of a field of many numbers: its least and greatest

function findLooks() {
  const field = state.colour.startsWith('field: ')
    ? DATA.fields[state.colour.slice(7)] : [];
  const numbers = field.length > 0 && field.every((x) => typeof x === 'number');
  const values = new Set(DATA.names.map((_, i) => valueOf(i)));
  const order = new Map(DATA.classes.map((name, i) => [name, i]));
  const sorted = [...values].sort((a, b) =>
    (order.get(a) ?? 1e9) - (order.get(b) ?? 1e9)
    || a.localeCompare(b, undefined, { numeric: true }));
  scale = numbers && values.size > 24
    ? [Math.min(...field), Math.max(...field)] : null;
  looks = new Map(sorted.map((value, k) => [value, {
    colour: scale ? ramp((Number(value) - scale[0]) / (scale[1] - scale[0]))
      : ['unlabelled', 'no group', 'not known'].includes(value) ? '#8a8f98'
        : HUES[k % HUES.length],
    shape: scale ? 'circle' : SHAPES[Math.floor(k / HUES.length) % SHAPES.length],
  }]));
}

function ramp(x) {
  return `hsl(${250 - 200 * x} 70% ${35 + 25 * x}%)`;
}

const lookOf = (i) => looks.get(valueOf(i));

function drawMark(g, shape, x, y, r) {
  g.beginPath();
  if (shape === 'circle') g.arc(x, y, r, 0, 2 * Math.PI);
  else if (shape === 'square') g.rect(x - 0.85 * r, y - 0.85 * r, 1.7 * r, 1.7 * r);
  else {
    const corners = {
      triangle: [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]],
      diamond: [[0, -1.3], [1.1, 0], [0, 1.3], [-1.1, 0]],
      cross: [[0, -0.4], [0.8, -1.2], [1.2, -0.8], [0.4, 0], [1.2, 0.8], [0.8, 1.2],
        [0, 0.4], [-0.8, 1.2], [-1.2, 0.8], [-0.4, 0], [-1.2, -0.8], [-0.8, -1.2]],
    }[shape];
    for (const [dx, dy] of corners) g.lineTo(x + r * dx, y + r * dy);
    g.closePath();
  }
  g.fill();
}

function drawLegend() {
  const counts = new Map();
  for (let i = 0; i < N; i++) counts.set(valueOf(i), (counts.get(valueOf(i)) ?? 0) + 1);
  const chips = [make('button', {
    className: 'chip', onclick: () => { state.only.clear(); changed(); },
    'aria-pressed': String(!state.only.size),
  }, 'all')];
  for (const [value, look] of scale ? [] : looks) {
    const mark = make('canvas', { width: 28, height: 28, 'aria-hidden': 'true' });
    const g = mark.getContext('2d');
    g.fillStyle = look.colour;
    drawMark(g, look.shape, 14, 14, 9);
    chips.push(make('button', {
      className: 'chip',
      'aria-pressed': String(state.only.has(value)),
      onclick: () => {
        if (!state.only.delete(value)) state.only.add(value);
        changed();
      },
    }, mark, value, make('small', {}, String(counts.get(value)))));
  }
  if (scale) {
    chips.push(make('span', { className: 'ramp' },
      String(scale[0]), make('i', {}), String(scale[1])));
  }
  byId('legend').replaceChildren(...chips);
}
