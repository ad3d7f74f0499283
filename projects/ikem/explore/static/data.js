// What the page is about, and what its parts share.
const DATA = JSON.parse(document.getElementById('data').textContent);
const N = DATA.names.length;
const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;

const state = {
  stream: Object.keys(DATA.streams)[0],
  colour: DATA.labels.some((y) => y >= 0) ? 'class' : 'cluster',
  query: '',
  only: new Set(), // values of the colour that are shown; none: all
  hover: -1,
  pinned: [],
  selected: new Set(),
  groups: new Map(), // names that were given, by clip
  lasso: false,
  playing: !calm,
  phase: 0, // 0 to 1, of all clips
  speed: 1,
  yaw: 0.35,
  pitch: 0.12,
};

const byId = (id) => document.getElementById(id);
const stream = () => DATA.streams[state.stream];
const className = (y) => (y < 0 ? 'unlabelled' : DATA.classes[y]);
const labelOf = (i) => className(DATA.labels[i]);
const predictedOf = (i) => className(stream().predicted[i]);

// An element; children are texts, which are never read as HTML, or elements.
function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key in element && key !== 'list') element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

// What a clip is coloured, and filtered, by.
const COLOURS = {
  class: labelOf,
  predicted: predictedOf,
  cluster: (i) => `cluster ${stream().cluster[i] + 1}`,
  group: (i) => state.groups.get(i) ?? 'no group',
};
for (const [field, values] of Object.entries(DATA.fields)) {
  COLOURS[`field: ${field}`] = (i) => String(values[i]) || 'not known';
}
const valueOf = (i) => COLOURS[state.colour](i);

const TEXTS = DATA.names.map((name, i) =>
  [name, labelOf(i), ...Object.values(DATA.fields).map((v) => v[i])]
    .join('\n').toLowerCase());

// Which clips pass the search and the legend; found anew when these change.
let shown = [];
function findShown() {
  const words = state.query.toLowerCase().split(/\s+/);
  shown = TEXTS.map((text, i) => (!state.only.size || state.only.has(valueOf(i)))
    && words.every((word) => text.includes(word)));
}
const isShown = (i) => shown[i];
