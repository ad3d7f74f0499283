// Puts the parts together: controls, keys, the clock.
const peek = byId('peek'); // the card of the clip that is hovered

function hover(i, where = null, announce = false) {
  if (i === state.hover) return;
  state.hover = i;
  stale = true;
  const near = new Set(i >= 0 ? stream().neighbours[i] : []);
  for (const figure of document.querySelectorAll('.card')) {
    figure.classList.toggle('lit', figure.clip === i || near.has(figure.clip));
  }
  showPeek(where || announce ? i : -1, where ?? (i >= 0 ? place(i) : null));
}

function showPeek(i, where) {
  forget(peek);
  peek.hidden = i < 0;
  if (i < 0) return;
  const canvas = make('canvas', { className: 'skeleton', 'aria-hidden': 'true' });
  canvas.clip = i;
  watcher.observe(canvas);
  peek.replaceChildren(canvas,
    make('b', {}, state.groups.get(i) ?? labelOf(i)),
    make('span', {}, DATA.names[i]),
    make('span', {}, facts(i)));
  const stage = map.parentElement;
  const [x, y] = where;
  const left = x > stage.clientWidth / 2 ? x - peek.offsetWidth - 18 : x + 18;
  const top = Math.min(y - 40, stage.clientHeight - peek.offsetHeight - 8);
  peek.style.left = `${Math.max(8, Math.min(left, stage.clientWidth - peek.offsetWidth - 8))}px`;
  peek.style.top = `${Math.max(8, top)}px`;
}

function togglePin(i) {
  const at = state.pinned.indexOf(i);
  if (at < 0) state.pinned.push(i);
  else state.pinned.splice(at, 1);
  stale = true;
  for (const figure of document.querySelectorAll('.card')) {
    figure.classList.toggle('pinned', state.pinned.includes(figure.clip));
  }
  if (panel === 'pinned' || state.pinned.length === 1) openPanel('pinned');
  else drawTabs();
}

function select(clips, open = true) {
  state.selected = new Set(clips);
  stale = true;
  if (open) openPanel('selected');
  else drawTabs();
}

// All that depends on what is shown and how.
function changed() {
  findLooks();
  drawLegend();
  findShown();
  const left = shown.filter(Boolean).length;
  const drawn = N < DATA.total ? `${N} of ${DATA.total} clips, drawn at random` : `${N} clips`;
  byId('count').textContent = left < N ? `${left} of ${N} clips` : drawn;
  stale = true;
  openPanel(panel);
}

function redraw() {
  stale = true;
  for (const canvas of document.querySelectorAll('canvas.matrix')) canvas.paint();
}

function setPlaying(playing) {
  state.playing = playing;
  byId('play').textContent = playing ? '❚❚' : '▶';
  byId('play').setAttribute('aria-label', playing ? 'pause' : 'play');
}

function setLasso(on) {
  state.lasso = on;
  byId('lasso').setAttribute('aria-pressed', String(on));
  map.classList.toggle('drawing', on);
}

function fill(id, values, chosen, change) {
  const box = byId(id);
  box.replaceChildren(...values.map((value) =>
    make('option', { value, selected: value === chosen }, value)));
  box.onchange = () => { change(box.value); };
}

fill('stream', Object.keys(DATA.streams), state.stream, (value) => {
  state.stream = value;
  if (['predicted', 'cluster'].includes(state.colour)) state.only.clear();
  movePoints();
  changed();
});
fill('colour', Object.keys(COLOURS), state.colour, (value) => {
  state.colour = value;
  state.only.clear();
  changed();
});
byId('search').oninput = (event) => { state.query = event.target.value; changed(); };
byId('lasso').onclick = () => setLasso(!state.lasso);
byId('home').onclick = () => { Object.assign(view, { k: 1, x: 0, y: 0 }); stale = true; };
byId('play').onclick = () => setPlaying(!state.playing);
byId('scrub').oninput = (event) => { state.phase = Number(event.target.value) / 1000; setPlaying(false); };
byId('speed').onchange = (event) => { state.speed = Number(event.target.value); };
byId('front').onclick = () => { Object.assign(state, { yaw: 0, pitch: 0 }); };
byId('keys').onclick = () => byId('help').showModal();

const KEYS = {
  ' ': () => setPlaying(!state.playing),
  l: () => setLasso(!state.lasso),
  '/': () => byId('search').focus(),
  '?': () => byId('help').showModal(),
  ',': () => { state.phase = Math.max(0, state.phase - 1 / (T - 1)); setPlaying(false); },
  '.': () => { state.phase = Math.min(1, state.phase + 1 / (T - 1)); setPlaying(false); },
  a: () => { state.yaw -= 0.15; },
  d: () => { state.yaw += 0.15; },
  w: () => { state.pitch = Math.min(1.5, state.pitch + 0.15); },
  s: () => { state.pitch = Math.max(-1.5, state.pitch - 0.15); },
  Escape: () => { setLasso(false); hover(-1); select([], false); if (panel === 'selected') openPanel(panel); },
};
document.onkeydown = (event) => {
  const typing = event.target.closest('input, select, textarea, dialog');
  const pressing = event.key === ' ' && event.target.closest('button');
  if (typing || pressing || event.ctrlKey || event.metaKey || event.altKey) return;
  const action = KEYS[event.key];
  if (action) { action(); event.preventDefault(); }
};

// A round takes as long as a clip in the middle did.
const sorted = [...DATA.seconds].sort((a, b) => a - b);
const round = Math.max(1.5, Math.min(6, sorted[Math.floor(N / 2)])) * 1000;
let before = performance.now();
function tick(now) {
  if (state.playing) {
    state.phase = (state.phase + (state.speed * (now - before)) / round) % 1;
  }
  byId('scrub').value = Math.round(1000 * state.phase);
  before = now;
  stepPoints(now);
  drawMap();
  drawCards();
  requestAnimationFrame(tick);
}

setPlaying(state.playing);
changed();
requestAnimationFrame(tick);
