// Maintainers only: bundles into the folder given as the only argument, with the licences of everything inside.
import esbuild from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';

const target = process.argv[2];
const words = JSON.parse(fs.readFileSync('src/zh-form-editor.json', 'utf8'));
const used = new Set();
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
// The form editor has no translations of its own: its labels are replaced where they stand in the source.
const chinese = { name: 'chinese', setup(build) {
  build.onLoad({ filter: /form-js-(editor|viewer)\/dist\/index\.es\.js$/ }, async ({ path: file }) => {
    let source = await fs.promises.readFile(file, 'utf8');
    for (const [english, own] of Object.entries(words)) {
      const label = new RegExp(`((?:label|title|children|description|placeholder|tooltip|name|emptyMessage)(?:"?): ?(?:\\[ ?)?|return |(?:label|description|tooltip) = )(['"])${escaped(english)}\\2`, 'g');
      source = source.replace(label, (_, before, quote) => { used.add(english); return before + quote + own + quote; });
    }
    return { contents: source.replace(...select), loader: 'js' };
  });
} };
// What packages say in English in spite of their translations is replaced where it stands; what is not found is reported.
const replaced = (name, filter, pairs) => ({ name, setup(build) {
  const wanted = new Set(pairs.map(([english]) => english));
  build.onLoad({ filter }, async ({ path: file }) => {
    let source = await fs.promises.readFile(file, 'utf8');
    for (const [english, own] of pairs) {
      if (source.includes(english)) { wanted.delete(english); source = source.replaceAll(english, own); }
    }
    return { contents: source, loader: 'js' };
  });
  build.onEnd(() => { if (wanted.size) { throw new Error(`not found for ${name}: ${[...wanted].join(', ')}`); } });
} });
const select = ["valueLabel || 'Select'", "valueLabel || '请选择'"];
const viewer = replaced('viewer', /form-js-viewer\/dist\/index\.es\.js$/, [select, ["placeholder: 'Search'", "placeholder: '搜索'"]]);
const simulation = replaced('simulation', /bpmn-js-token-simulation\/lib\/.*\.js$/, [
  ['Play/Pause Simulation', '继续或暂停演示'], ['Token Simulation <span', '令牌演示 <span'], ['Pause Simulation', '暂停演示'], ['Play Simulation', '继续演示'],
  ['Reset Simulation', '重新演示'], ['Toggle Simulation Log', '显示或隐藏演示记录'],
  ['Set animation speed = ${ label }', '演示速度：${ label }'], ['Not supported', '不支持'], ['Found unsupported elements', '有不支持演示的元素'],
  ["text: 'Finished'", "text: '已结束'"], ['Trigger Event', '触发事件'], ['Set Sequence Flow', '选择路径'],
]);
const common = { bundle: true, minify: true, format: 'iife', target: ['chrome90', 'firefox90'], legalComments: 'none', metafile: true };
const builds = [
  await esbuild.build({ ...common, entryPoints: ['src/modeling.js'], globalName: 'Modeling', outfile: `${target}/modeling.js`, plugins: [simulation] }),
  await esbuild.build({ ...common, entryPoints: ['src/form-viewer.js'], globalName: 'FormViewer', outfile: `${target}/form-viewer.js`, plugins: [viewer] }),
  await esbuild.build({ ...common, entryPoints: ['src/form-editor.js'], globalName: 'FormEditor', outfile: `${target}/form-editor.js`, plugins: [chinese] }),
];
const unused = Object.keys(words).filter((word) => !used.has(word));
if (unused.length) { console.error('not found in the form editor:', unused); process.exit(1); }

const editor = 'node_modules/@bpmn-io/form-js-editor/';
const nested = `${editor}node_modules/@bpmn-io/form-js-viewer/dist/assets/`;
const styles = {
  'modeling.css': ['node_modules/bpmn-js-token-simulation/assets/css/bpmn-js-token-simulation.css',
    'node_modules/bpmn-js-bpmnlint/dist/assets/css/bpmn-js-bpmnlint.css'],
  'form-viewer.css': ['node_modules/@bpmn-io/form-js-viewer/dist/assets/form-js.css'],
  'form-editor.css': [`${nested}form-js.css`, `${editor}dist/assets/draggle.css`, `${editor}dist/assets/form-js-editor.css`,
    `${editor}dist/assets/properties-panel.css`],
};
for (const [name, files] of Object.entries(styles)) {
  const contents = files.map((file) => `@import "./${file}";`).join('\n');
  builds.push(await esbuild.build({ stdin: { contents, loader: 'css', resolveDir: '.' }, bundle: true, minify: true, metafile: true,
    legalComments: 'none', loader: { '.woff': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl', '.eot': 'empty', '.svg': 'dataurl' },
    outfile: `${target}/${name}` }));
}

const licences = new Map();
for (const file of builds.flatMap((build) => Object.keys(build.metafile.inputs))) {
  const found = file.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
  if (!found || licences.has(found[1]) || !fs.existsSync(`${found[1]}/package.json`)) { continue; }
  const about = JSON.parse(fs.readFileSync(`${found[1]}/package.json`, 'utf8'));
  const text = fs.readdirSync(found[1]).find((name) => /^licen[cs]e/i.test(name));
  const without = ['@bpmn-io/semver-compat'].includes(about.name) && about.license === 'MIT'; // declared, but not enclosed
  if (!text && !without) { console.error('no licence text:', about.name); process.exit(1); }
  const terms = text ? path.join(found[1], text) : 'mit.txt';
  const line = '-'.repeat(80);
  licences.set(found[1], `${line}\n${about.name} ${about.version}: ${about.license}\n${line}\n\n${fs.readFileSync(terms, 'utf8').trim()}\n`);
}
fs.writeFileSync(`${target}/LICENSE`, [...licences.values()].sort().join('\n'));
