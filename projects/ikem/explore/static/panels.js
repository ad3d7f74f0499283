// Lists of clips beside the points.
const RAW = 'raw joints';
const hint = (text) => make('p', { className: 'hint' }, text);
const percent = (x) => `${Math.round(100 * x)} %`;

// How many of a list raw joints would list as well.
function beside(key, clips) {
  const raw = DATA.streams[RAW];
  if (!raw || state.stream === RAW || !clips.length) return '';
  const theirs = new Set(raw[key].map(String));
  if (key !== 'next') {
    theirs.clear();
    for (const row of raw[key]) theirs.add(String(key === 'duplicates' ? row.slice(0, 2) : row[0]));
  }
  const both = clips.filter((clip) => theirs.has(String(clip))).length;
  return ` Raw joints list ${both} of these ${clips.length} as well.`;
}

function pinnedPanel() {
  if (!state.pinned.length) {
    return [hint('Click points or skeletons to pin them here side by side. Drag a skeleton to turn all in 3D.')];
  }
  const last = state.pinned.at(-1);
  const near = stream().neighbours[last];
  return [
    make('div', { className: 'row' }, make('button', {
      onclick: () => { state.pinned = []; changed(); },
    }, 'Unpin all')),
    gallery(state.pinned.map((i) => [i, facts(i)])),
    make('h3', {}, `Nearest to ${DATA.names[last]}`),
    gallery(near.map((i) => [i, DATA.labels[i] === DATA.labels[last] ? 'same label' : 'other label'])),
  ];
}

function facts(i) {
  const fields = Object.entries(DATA.fields).map(([key, values]) => `${key} ${values[i]}`);
  return [`neighbours: ${predictedOf(i)}`, ...fields].join(' · ');
}

function clustersPanel() {
  const { cluster, medoids } = stream();
  const members = medoids.map(() => []);
  cluster.forEach((c, i) => members[c].push(i));
  const opened = make('div', {});
  const cards = medoids.map((i, c) => {
    const counts = new Map();
    for (const j of members[c]) counts.set(labelOf(j), (counts.get(labelOf(j)) ?? 0) + 1);
    const [first] = [...counts].sort((a, b) => b[1] - a[1]);
    const figure = card(i, `${members[c].length} clips, ${percent(first[1] / members[c].length)} ${first[0]}`);
    figure.append(make('button', {
      onclick: () => {
        forget(opened);
        opened.replaceChildren(make('h3', {}, `Cluster ${c + 1}`), gallery(members[c].map((j) => [j, ''])));
        select(members[c], false);
        opened.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'nearest' });
      },
    }, `Open cluster ${c + 1}`));
    return figure;
  });
  return [
    hint('Clusters by k-means, the largest first; each moves as its medoid, the clip nearest to its mean.'),
    make('div', { className: 'cards' }, ...cards), opened,
  ];
}

function outliersPanel() {
  const rows = stream().outliers;
  return [
    hint(`Clips far from all others: mean distance to their neighbours, in medians.${beside('outliers', rows.map((r) => r[0]))}`),
    gallery(rows.map(([i, x]) => [i, `${x} x as far`])),
  ];
}

function duplicatesPanel() {
  const rows = stream().duplicates;
  if (!rows.length) return [hint('No two clips are nearer than a quarter of the distance to the clips around them.')];
  return [
    hint(`Pairs much nearer than the clips around them: distance as a part of theirs.${beside('duplicates', rows.map((r) => r.slice(0, 2)))}`),
    ...rows.slice(0, 24).map(([i, j, x]) => make('div', { className: 'pair' },
      card(i, x ? `distance ${x}` : 'equal'), card(j))),
  ];
}

function doubtsPanel() {
  const rows = stream().doubts;
  if (!rows.length) return [hint('Neighbours deny no label.')];
  return [
    hint(`Labels that neighbours deny, the surest first: probable errors, or clips between two classes.${beside('doubts', rows.map((r) => r[0]))}`),
    gallery(rows.map(([i]) => [i, `neighbours: ${predictedOf(i)}`])),
  ];
}

function nextPanel() {
  const clips = stream().next;
  if (!clips.length) return [hint('All clips have a label.')];
  return [
    hint(`Typical clips of parts without a label, the largest part first.${beside('next', clips)}`),
    make('div', { className: 'row' }, make('button', { onclick: () => select(clips) }, 'Select them')),
    gallery(clips.map((i) => [i, `neighbours: ${predictedOf(i)}`])),
  ];
}

const PANELS = {
  pinned: ['Pinned', pinnedPanel, () => state.pinned.length],
  selected: ['Selected', selectedPanel, () => state.selected.size],
  clusters: ['Clusters', clustersPanel, () => stream().medoids.length],
  doubts: ['Label errors?', doubtsPanel, () => stream().doubts.length],
  outliers: ['Outliers', outliersPanel, () => stream().outliers.length],
  duplicates: ['Duplicates', duplicatesPanel, () => stream().duplicates.length],
  next: ['Label next', nextPanel, () => stream().next.length],
  confusion: ['Confusions', confusionPanel, () => ''],
};
let panel = 'clusters';

function openPanel(name) {
  const same = name === panel;
  panel = name;
  const box = byId('panel');
  forget(box);
  box.replaceChildren(...PANELS[name][1]());
  if (!same) box.scrollTop = 0;
  drawTabs();
}

function drawTabs() {
  const focused = document.activeElement?.id;
  const strip = byId('tabs');
  const scrolled = strip.scrollLeft;
  strip.replaceChildren(...Object.entries(PANELS).map(([name, [title, , count]]) =>
    make('button', {
      id: `tab-${name}`, role: 'tab', tabIndex: name === panel ? 0 : -1,
      'aria-selected': String(name === panel), 'aria-controls': 'panel',
      onclick: () => openPanel(name),
    }, title, make('small', {}, String(count() || '')))));
  const { offsetLeft: left, offsetWidth: width } = byId(`tab-${panel}`);
  const least = left + width + 48 - strip.clientWidth; // all of it, no fade
  strip.scrollLeft = Math.max(least, Math.min(scrolled, left - 48));
  if (focused?.startsWith('tab-')) byId(focused).focus({ preventScroll: true });
}

byId('tabs').onkeydown = (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const names = Object.keys(PANELS);
  const next = names[(names.indexOf(panel) + step + names.length) % names.length];
  openPanel(next);
  byId(`tab-${next}`).focus({ preventScroll: true });
};
