// Cards: a clip that moves, its name and label.
const visible = new Set(); // canvases on the screen
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) visible.add(target);
    else visible.delete(target);
  }
});

function card(i, note = '') {
  const canvas = make('canvas', {
    className: 'skeleton', tabIndex: 0, role: 'button',
    'aria-label': `${DATA.names[i]}, ${labelOf(i)}: pin`,
  });
  canvas.clip = i;
  canvas.onkeydown = (event) => {
    if (event.key === 'Enter') { togglePin(i); event.stopPropagation(); }
  };
  turnable(canvas, () => togglePin(i));
  watcher.observe(canvas);
  const given = state.groups.get(i);
  const figure = make('figure', { className: 'card' }, canvas, make('figcaption', {},
    make('b', {}, given ?? labelOf(i)),
    ...(note ? [make('em', {}, note)] : []),
    make('span', { title: DATA.names[i] }, DATA.names[i])));
  figure.clip = i;
  figure.classList.toggle('pinned', state.pinned.includes(i));
  figure.onpointerenter = () => hover(i);
  figure.onpointerleave = () => hover(-1);
  canvas.onfocus = () => hover(i);
  return figure;
}

// Dragging turns all skeletons; a click does not.
function turnable(canvas, click) {
  let from = null;
  let moved = false;
  canvas.onpointerdown = (event) => {
    from = [event.clientX, event.clientY];
    moved = false;
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (!from) return;
    const [dx, dy] = [event.clientX - from[0], event.clientY - from[1]];
    if (!moved && Math.hypot(dx, dy) < 4) return;
    moved = true;
    state.yaw += dx * 0.012;
    state.pitch = Math.max(-1.5, Math.min(1.5, state.pitch + dy * 0.012));
    from = [event.clientX, event.clientY];
  };
  canvas.onpointerup = () => {
    if (from && !moved) click();
    from = null;
  };
  canvas.onpointercancel = () => { from = null; };
}

// Cards of clips, the first ones at once.
function gallery(rows, most = 24) {
  const box = make('div', { className: 'cards' });
  let shown = 0;
  const more = make('button', { className: 'more' });
  const add = () => {
    for (const [i, note] of rows.slice(shown, shown + most)) box.append(card(i, note));
    shown = Math.min(shown + most, rows.length);
    more.hidden = shown >= rows.length;
    more.textContent = `${rows.length - shown} more`;
  };
  more.onclick = add;
  add();
  return make('div', {}, box, more);
}

function forget(container) {
  for (const canvas of container.querySelectorAll('canvas.skeleton')) {
    watcher.unobserve(canvas);
    visible.delete(canvas);
  }
}

function drawCards() {
  for (const canvas of visible) drawSkeleton(canvas, canvas.clip, state.phase);
}
