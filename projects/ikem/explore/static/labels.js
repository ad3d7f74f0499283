// Names for groups of clips, and the table that preparing tools read.
const isNumber = (text) => /^-?\d+$/.test(text);

// Rows of name, label and fields. Labels are all numbers or all words, as the
// tools want them.
function labelTable() {
  const labels = DATA.names.map((_, i) =>
    state.groups.get(i) ?? (DATA.labels[i] < 0 ? '' : DATA.classes[DATA.labels[i]]));
  const words = labels.some((label) => label && !isNumber(label));
  const fields = Object.keys(DATA.fields).filter((key) => !['name', 'label'].includes(key));
  return [
    ['name', 'label', ...fields],
    ...DATA.names.map((name, i) => [
      name,
      words && isNumber(labels[i]) ? `class ${labels[i]}` : labels[i],
      ...fields.map((key) => String(DATA.fields[key][i])),
    ]),
  ];
}

const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const asCsv = (rows) => rows.map((row) => row.map(quoted).join(',') + '\r\n').join('');

let unsaved = false;
function download() {
  const blob = new Blob([asCsv(labelTable())], { type: 'text/csv' });
  const link = make('a', { href: URL.createObjectURL(blob), download: 'labels.csv' });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  unsaved = false;
}
window.onbeforeunload = (event) => { if (unsaved) event.preventDefault(); };

function nameGroup(name) {
  name = name.trim();
  if (!state.selected.size) return;
  for (const i of state.selected) {
    if (name) state.groups.set(i, name);
    else state.groups.delete(i);
  }
  unsaved = state.groups.size > 0;
  state.colour = 'group';
  byId('colour').value = 'group';
  state.only.clear();
  changed();
  openPanel('selected');
}

function selectedPanel() {
  const chosen = [...state.selected];
  const field = make('input', {
    id: 'group-name', placeholder: 'name of the group', list: 'known-names',
    'aria-label': 'name of the group', autocomplete: 'off',
  });
  const known = make('datalist', { id: 'known-names' }, ...[...new Set([
    ...state.groups.values(), ...DATA.classes])].map((value) => make('option', { value })));
  const form = make('form', {
    className: 'row',
    onsubmit: (event) => { event.preventDefault(); nameGroup(field.value); },
  }, field, known, make('button', { className: 'primary' }, 'Name'));
  const all = make('button', {
    onclick: () => select([...Array(N).keys()].filter(isShown)),
  }, 'Select all shown');
  const file = make('button', { id: 'download', onclick: download }, 'Download labels.csv');
  const sizes = new Map();
  for (const name of state.groups.values()) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  return [
    hint('Draw around points (key L, or with Shift), then give them a name. An empty name takes it back. The table has all clips of this page, named ones under their new label; prepare_kinect.py and prepare_pose_pickle.py read it by --labels.'),
    make('div', { className: 'row' }, all, file),
    ...(chosen.length ? [make('h3', {}, `${chosen.length} selected`), form] : []),
    ...(sizes.size ? [make('p', {}, [...sizes].map(([name, n]) => `${name}: ${n}`).join(' · '))] : []),
    ...(chosen.length ? [gallery(chosen.map((i) => [i, state.groups.has(i) ? `was ${labelOf(i)}` : '']))] : []),
  ];
}
