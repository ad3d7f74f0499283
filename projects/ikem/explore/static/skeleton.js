// Skeletons: from bytes to joints, from joints to a canvas.
const bytes = Uint8Array.from(atob(DATA.joints.code), (c) => c.charCodeAt(0));
const V = DATA.layout.side.length;
const T = DATA.joints.frames;
const starts = [0];
for (const m of DATA.joints.persons) starts.push(starts.at(-1) + m * T * V * 3);

// Joint v of a person between two frames, in metres; null if absent.
function joint(i, person, time, v) {
  const t = Math.min(Math.floor(time), T - 1);
  const u = Math.min(t + 1, T - 1);
  const at = (frame) => starts[i] + ((person * T + frame) * V + v) * 3;
  const a = at(t);
  if (bytes[a] === 255) return null;
  const b = bytes[at(u)] === 255 ? a : at(u);
  const low = DATA.joints.low[i];
  const step = DATA.joints.step[i];
  return [0, 1, 2].map((c) =>
    low[c] + step * (bytes[a + c] + (time - t) * (bytes[b + c] - bytes[a + c])));
}

const sizes = new Map(); // of clips that have been drawn, in metres
function sizeOf(i) {
  if (!sizes.has(i)) {
    const most = [0, 0, 0];
    for (let a = starts[i]; a < starts[i + 1]; a += 3) {
      if (bytes[a] === 255) continue;
      for (let c = 0; c < 3; c++) most[c] = Math.max(most[c], bytes[a + c]);
    }
    sizes.set(i, most.map((x) => x * DATA.joints.step[i]));
  }
  return sizes.get(i);
}

// Seen from the sensor: x grows to the left, the camera turns about y.
function projection(i, width, height) {
  const [sx, sy, sz] = sizeOf(i);
  const low = DATA.joints.low[i];
  const centre = [low[0] + sx / 2, low[1] + sy / 2, low[2] + sz / 2];
  const [cy, s] = [Math.cos(state.yaw), Math.sin(state.yaw)];
  const [cp, sp] = [Math.cos(state.pitch), Math.sin(state.pitch)];
  const wide = Math.abs(cy) * sx + Math.abs(s) * sz + 0.3;
  const deep = Math.abs(s) * sx + Math.abs(cy) * sz;
  const tall = Math.abs(cp) * sy + Math.abs(sp) * deep + 0.3;
  const scale = Math.min(width / wide, height / tall);
  const project = (p) => {
    const [x, y, z] = p.map((value, c) => value - centre[c]);
    const depth = s * x + cy * z;
    return [
      width / 2 + scale * (s * z - cy * x),
      height / 2 - scale * (cp * y + sp * depth),
    ];
  };
  return { project, scale };
}

const INK = ['--ink', '--left', '--right']; // by side
const INK_2 = ['--faint', '--left-2', '--right-2']; // of further persons

function drawSkeleton(canvas, i, phase) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !height) return;
  if (canvas.width !== Math.round(width * ratio)
      || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const g = canvas.getContext('2d');
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  const { project, scale } = projection(i, width, height);
  drawFloor(g, i, project);
  g.lineCap = 'round';
  g.lineWidth = Math.max(1.6, Math.min(scale * 0.035, 9));
  const time = phase * (T - 1);
  for (let m = 0; m < DATA.joints.persons[i]; m++) {
    if (!joint(i, m, time, 0)) continue;
    const points = [...Array(V).keys()].map((v) => project(joint(i, m, time, v)));
    const inks = (m ? INK_2 : INK).map(themeColour);
    for (const [v, p] of DATA.layout.bones) {
      g.strokeStyle = inks[DATA.layout.side[v] || DATA.layout.side[p]];
      g.beginPath();
      g.moveTo(...points[v]);
      g.lineTo(...points[p]);
      g.stroke();
    }
    g.fillStyle = inks[0];
    g.beginPath();
    g.arc(...points[DATA.layout.head], scale * 0.085, 0, 2 * Math.PI);
    g.fill();
  }
}

function drawFloor(g, i, project) {
  const [sx, , sz] = sizeOf(i);
  const [x, y, z] = DATA.joints.low[i];
  const pad = 0.1;
  const corners = [[-pad, -pad], [sx + pad, -pad], [sx + pad, sz + pad], [-pad, sz + pad]];
  g.beginPath();
  for (const [dx, dz] of corners) g.lineTo(...project([x + dx, y, z + dz]));
  g.closePath();
  g.fillStyle = themeColour('--floor');
  g.strokeStyle = themeColour('--line');
  g.lineWidth = 1;
  g.fill();
  g.stroke();
}
