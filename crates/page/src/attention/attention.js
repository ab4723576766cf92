'use strict';
// Shows the weights that stand as JSON in each section. Texts become text nodes only, never markup.
const SVG = 'http://www.w3.org/2000/svg';
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUE = Object.fromEntries([...DIGITS].map((digit, value) => [digit, value]));
const CELL = 26, GAP = 170;
let measure;

const element = (space) => (tag, attributes = {}, ...children) => {
  const made = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const html = element(null), svg = element(SVG);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// About as wide as the text is on the screen.
const width = (text) => {
  measure ??= html('canvas').getContext('2d');
  measure.font = '14px ' + getComputedStyle(document.body).fontFamily;
  return measure.measureText(text).width;
};

// A grid of weights, row by row, from two digits each.
const decode = (text, rows, columns) => Array.from({ length: rows }, (_, row) =>
  Float64Array.from({ length: columns }, (_, column) => {
    const at = 2 * (row * columns + column);
    return (64 * VALUE[text[at]] + VALUE[text[at + 1]]) / 4095;
  }));

const mean = (grids) => grids[0].map((cells, row) =>
  cells.map((_, column) => grids.reduce((sum, grid) => sum + grid[row][column], 0) / grids.length));

// Pieces to words: the sum of columns, the mean of rows.
const merge = (grid, rows, columns) => {
  let first = 0;
  return rows.map(([, height]) => {
    const taken = grid.slice(first, first += height);
    let left = 0;
    return columns.map(([, size]) => {
      const right = left + size;
      const sum = taken.reduce((sum, row) => sum + row.slice(left, right).reduce((a, b) => a + b, 0), 0);
      left = right;
      return sum / height;
    });
  });
};

const radios = (name, legend, choices, change) => {
  const set = html('fieldset', {}, html('legend', {}, legend));
  choices.forEach(([value, label], index) => {
    const input = html('input', { type: 'radio', name, value });
    input.checked = index === 0;
    input.addEventListener('change', () => change(value));
    set.append(html('label', {}, input, label));
  });
  return set;
};

const thumbnail = (canvas, grid) => {
  [canvas.width, canvas.height] = [grid[0].length, grid.length];
  const context = canvas.getContext('2d');
  context.fillStyle = colour('--s1');
  grid.forEach((cells, row) => cells.forEach((weight, column) => {
    context.globalAlpha = weight;
    context.fillRect(column, row, 1, 1);
  }));
};

// One section. What is shown is a function of `state`.
const show = (section, id) => {
  const data = JSON.parse(section.querySelector('script').textContent);
  const state = { kind: 0, units: 'words', view: 'matrix', layer: data.layer, head: -1, cursor: null };
  const kinds = data.kinds.map((kind) => {
    const [rows, columns] = [data.sides[kind.rows], data.sides[kind.columns]];
    const layers = kind.layers.map((heads) => heads.map((text) => decode(text, rows.pieces.length, columns.pieces.length)));
    return { ...kind, rows, columns, layers };
  });
  const grid = (kind, layer, head) => {
    const layers = layer < 0 ? kind.layers : [kind.layers[layer]];
    const pieces = mean(layers.flatMap((heads) => (head < 0 ? heads : [heads[head]])));
    return state.units === 'words' ? merge(pieces, kind.rows.words, kind.columns.words) : pieces;
  };
  const labels = (side) => (state.units === 'words' ? side.words.map(([word]) => word) : side.pieces);
  const cut = (label) => (label.length > 24 ? [...new Intl.Segmenter().segment(label)].slice(0, 18).map((g) => g.segment).join('') + '…' : label);

  const heads = html('fieldset'), picture = html('div', { class: 'scroll' }), output = html('output'), caption = html('p', { class: 'hint' });

  const read = () => {
    const kind = kinds[state.kind];
    if (!state.cursor) return output.replaceChildren('Point at a cell, or move with the arrow keys.');
    const [row, column] = state.cursor;
    const rows = html('span', { lang: kind.rows.lang }, labels(kind.rows)[row]);
    const columns = html('span', { lang: kind.columns.lang }, labels(kind.columns)[column]);
    output.replaceChildren(rows, ' → ', columns, ': ' + grid(kind, state.layer, state.head)[row][column].toFixed(2));
  };

  const matrix = (kind, weights, [left, top]) => {
    const [rows, columns] = [labels(kind.rows), labels(kind.columns)];
    const drawn = svg('svg', { width: left + CELL * columns.length + 2, height: top + CELL * rows.length + 2 });
    columns.forEach((label, i) => drawn.append(svg('text',
      { lang: kind.columns.lang, transform: `translate(${left + CELL * (i + 0.5) + 5} ${top - 7}) rotate(-90)` }, cut(label))));
    rows.forEach((label, i) => drawn.append(svg('text',
      { lang: kind.rows.lang, class: 'end', x: left - 8, y: top + CELL * (i + 0.5) + 5 }, cut(label))));
    drawn.append(svg('rect', { class: 'frame', x: left, y: top, width: CELL * columns.length, height: CELL * rows.length }));
    weights.forEach((cells, row) => cells.forEach((weight, column) => weight < 0.005 || drawn.append(svg('rect',
      { class: 'plus', x: left + CELL * column, y: top + CELL * row, width: CELL, height: CELL, 'fill-opacity': weight.toFixed(3) }))));
    const box = (row, column, inset, name) => svg('rect', { class: name, x: left + CELL * column + inset, y: top + CELL * row + inset, width: CELL - 2 * inset, height: CELL - 2 * inset });
    if (state.kind === 0 && state.units === 'words') data.links.forEach(([row, column]) => drawn.append(box(row, column, 2, 'link')));
    const cursor = svg('g');
    drawn.append(cursor);
    const mark = () => cursor.replaceChildren(...(state.cursor ? [box(...state.cursor, 0, 'cursor')] : []));
    return [drawn, mark, (x, y) => [Math.floor((y - top) / CELL), Math.floor((x - left) / CELL)]];
  };

  // What is looked at on the left, who looks on the right.
  const lines = (kind, weights, [right, left]) => {
    const [rows, columns] = [labels(kind.rows), labels(kind.columns)];
    const drawn = svg('svg', { width: left + right + GAP, height: CELL * Math.max(rows.length, columns.length) + 6 });
    const middle = (i) => CELL * (i + 0.5) + 3;
    columns.forEach((label, i) => drawn.append(svg('text', { lang: kind.columns.lang, class: 'end', x: left - 8, y: middle(i) + 5 }, cut(label))));
    const names = rows.map((label, i) => svg('text', { lang: kind.rows.lang, x: left + GAP + 8, y: middle(i) + 5 }, cut(label)));
    const ties = svg('g');
    drawn.append(...names, ties);
    const mark = () => {
      const one = state.cursor?.[0];
      names.forEach((name, i) => name.setAttribute('class', i === one ? 'asks' : ''));
      ties.replaceChildren(...weights.flatMap((cells, row) => [...cells].map((weight, column) => {
        const strength = one === undefined || one === row ? weight : weight / 12;
        return strength < 0.02 ? null : svg('path', { class: 'tie', 'stroke-opacity': strength.toFixed(3),
          d: `M${left} ${middle(column)}C${left + GAP / 2} ${middle(column)} ${left + GAP / 2} ${middle(row)} ${left + GAP} ${middle(row)}` });
      })).filter(Boolean));
    };
    return [drawn, mark, (x, y) => [Math.floor((y - 3) / CELL), -1]];
  };

  const draw = () => {
    const kind = kinds[state.kind], weights = grid(kind, state.layer, state.head);
    const room = [kind.rows, kind.columns].map((side) => Math.max(...labels(side).map((label) => width(cut(label)))) + 14);
    const [drawn, mark, place] = (state.view === 'matrix' ? matrix : lines)(kind, weights, room);
    const which = (state.layer < 0 ? 'all layers' : 'layer ' + (state.layer + 1)) + (state.head < 0 ? ', mean over heads' : ', head ' + (state.head + 1));
    caption.textContent = `${kind.name}, ${which}; ${kind.axes}`;
    for (const [name, value] of Object.entries({ class: 'heat', tabindex: 0, role: 'img', 'aria-label': caption.textContent + '; the arrow keys read it cell by cell' })) drawn.setAttribute(name, value);
    const move = (row, column) => {
      if (!(row >= 0 && row < weights.length)) return;
      // A line is read by what it looks at most.
      if (state.view === 'lines') column = weights[row].indexOf(Math.max(...weights[row]));
      if (!(column >= 0 && column < weights[0].length)) return;
      state.cursor = [row, column];
      mark();
      read();
    };
    drawn.addEventListener('pointermove', (event) => {
      const box = drawn.getBoundingClientRect();
      move(...place(event.clientX - box.left, event.clientY - box.top));
    });
    drawn.addEventListener('keydown', (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      move(...(state.cursor ? [state.cursor[0] + step[0], state.cursor[1] + step[1]] : [0, 0]));
    });
    state.cursor = null;
    mark();
    read();
    picture.replaceChildren(drawn);
  };

  const overview = () => {
    const kind = kinds[state.kind], n = data.means ? 0 : kind.layers[0].length;
    const box = html('div', { class: 'heads', style: `grid-template-columns: auto repeat(${n + 1}, auto)` });
    box.append(html('span'), ...Array.from({ length: n }, (_, head) => html('span', {}, String(head + 1))), html('span', {}, 'mean'));
    const one = (layer, head, name) => {
      const input = html('input', { type: 'radio', name: `head-${id}`, 'aria-label': name }), canvas = html('canvas');
      input.checked = layer === state.layer && head === state.head;
      input.addEventListener('change', () => { Object.assign(state, { layer, head }); draw(); });
      thumbnail(canvas, grid(kind, layer, head));
      return html('label', { title: name }, input, canvas);
    };
    kind.layers.forEach((_, layer) => {
      box.append(html('span', {}, `layer ${layer + 1}`));
      for (let head = 0; head < n; head++) box.append(one(layer, head, `layer ${layer + 1}, head ${head + 1}`));
      box.append(one(layer, -1, `layer ${layer + 1}, mean over heads`));
    });
    box.append(html('span', {}, 'all'), ...Array.from({ length: n }, () => html('span')), one(-1, -1, 'all layers, mean over heads'));
    heads.replaceChildren(html('legend', {}, 'Layers down, heads across; choose one'), html('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'heads' }, box));
  };
  const set = (key) => (value) => {
    state[key] = key === 'kind' ? Number(value) : value;
    if (state.layer >= kinds[state.kind].layers.length) state.layer = -1;
    if (state.head >= kinds[state.kind].layers[0].length) state.head = -1;
    overview();
    draw();
  };

  const choices = html('div', { class: 'choices' },
    radios(`kind-${id}`, 'Attention', kinds.map((kind, i) => [i, kind.name]), set('kind')),
    radios(`units-${id}`, 'Tokens', [['words', 'words'], ['pieces', 'pieces']], set('units')),
    radios(`view-${id}`, 'View', [['matrix', 'matrix'], ['lines', 'lines']], set('view')));
  section.querySelector('.static').replaceWith(choices, html('div', { class: 'look' }, heads, html('div', {}, caption, output, picture)));
  overview();
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', overview);
};
document.querySelectorAll('.sentence').forEach(show);
