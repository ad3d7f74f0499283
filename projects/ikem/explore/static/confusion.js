// Which class neighbours take for which; a cell opens its clips.
function confusionOf() {
  const cells = new Map();
  for (let i = 0; i < N; i++) {
    const [y, p] = [DATA.labels[i], stream().predicted[i]];
    if (y < 0 || p < 0) continue;
    const key = `${y},${p}`;
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(i);
  }
  return [...cells].map(([key, clips]) => {
    const [y, p] = key.split(',').map(Number);
    return { y, p, clips };
  });
}

function confusionPanel() {
  const cells = confusionOf();
  const right = cells.filter((c) => c.y === c.p).reduce((sum, c) => sum + c.clips.length, 0);
  const total = cells.reduce((sum, c) => sum + c.clips.length, 0);
  if (!total) return [hint('No clip has a label.')];
  const used = [...new Set(cells.flatMap((c) => [c.y, c.p]))].sort((a, b) => a - b);
  const canvas = make('canvas', { className: 'matrix' });
  const says = make('p', { className: 'says' }, 'Point at a cell; click it for its clips.');
  const opened = make('div', {});
  const tell = (c) => `${className(c.y)} taken for ${className(c.p)}: ${c.clips.length}`;
  const open = (cell) => {
    forget(opened);
    opened.replaceChildren(make('h3', {}, tell(cell)), gallery(cell.clips.map((i) => [i, ''])));
    select(cell.clips, false);
    opened.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'nearest' });
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const [column, row] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
      .map((x) => used[Math.floor(x * used.length)]);
    return cells.find((c) => c.y === row && c.p === column);
  };
  canvas.onpointermove = (event) => { const cell = at(event); says.textContent = cell ? tell(cell) : '\u00a0'; };
  canvas.onclick = (event) => { const cell = at(event); if (cell) open(cell); };
  canvas.paint = () => paintMatrix(canvas, cells, used);
  requestAnimationFrame(canvas.paint);
  const worst = cells.filter((c) => c.y !== c.p).sort((a, b) => b.clips.length - a.clips.length).slice(0, 8);
  return [
    hint(`${(100 * right / total).toFixed(1)} % of ${total} clips have the label that most of their neighbours have (itself left out). Rows: label; columns: neighbours.`),
    canvas, says,
    make('div', { className: 'pairs' }, ...worst.map((c) => make('button', {
      onclick: () => open(c),
    }, tell(c)))),
    opened,
  ];
}

function paintMatrix(canvas, cells, used) {
  const side = canvas.clientWidth * (window.devicePixelRatio || 1);
  if (!side) return;
  canvas.width = canvas.height = Math.round(side);
  const g = canvas.getContext('2d');
  const a = side / used.length;
  const most = new Map();
  for (const c of cells) most.set(c.y, (most.get(c.y) ?? 0) + c.clips.length);
  g.fillStyle = themeColour('--floor');
  for (let k = 0; k < used.length; k++) g.fillRect(a * k, a * k, a, a);
  g.textAlign = 'center';
  g.textBaseline = 'middle';
  g.font = `${Math.min(a * 0.45, 22)}px system-ui, sans-serif`;
  for (const c of cells) {
    const [x, y] = [a * used.indexOf(c.p), a * used.indexOf(c.y)];
    const share = c.clips.length / most.get(c.y);
    g.globalAlpha = 0.15 + 0.85 * share;
    g.fillStyle = themeColour(c.y === c.p ? '--accent' : '--right');
    g.fillRect(x + 0.5, y + 0.5, a - 1, a - 1);
    g.globalAlpha = 1;
    if (a > 16) {
      g.fillStyle = share > 0.45 ? themeColour('--card') : themeColour('--ink');
      g.fillText(c.clips.length, x + a / 2, y + a / 2);
    }
  }
}
