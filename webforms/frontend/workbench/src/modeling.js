// What the BPMN and DMN editors need beside the ready-made files: Chinese, token simulation and lint rules.
import TokenSimulationModule from 'bpmn-js-token-simulation';
import LintModule from 'bpmn-js-bpmnlint';
import conditionalFlows from 'bpmnlint/rules/conditional-flows';
import duplicateFlows from 'bpmnlint/rules/no-duplicate-sequence-flows';
import endRequired from 'bpmnlint/rules/end-event-required';
import implicitSplit from 'bpmnlint/rules/no-implicit-split';
import joinFork from 'bpmnlint/rules/no-gateway-join-fork';
import linkEvent from 'bpmnlint/rules/link-event';
import noDisconnected from 'bpmnlint/rules/no-disconnected';
import singleBlankStart from 'bpmnlint/rules/single-blank-start-event';
import startRequired from 'bpmnlint/rules/start-event-required';
import superfluous from 'bpmnlint/rules/superfluous-gateway';
import typedStart from 'bpmnlint/rules/event-sub-process-typed-start-event';
import undrawn from 'bpmnlint/rules/no-bpmndi';
import general from 'bpmn-js-i18n/translations/zn.js';
import zhBpmn from 'bpmn-js-i18n-zh/lib/bpmn-js/index.js';
import zhPanel from 'bpmn-js-i18n-zh/lib/properties-panel/index.js';
import zhCamunda from 'bpmn-js-i18n-zh/lib/camunda-properties-panel/index.js';
import own from './zh-modeler.json';

const words = { ...general, ...zhBpmn, ...zhPanel, ...zhCamunda, ...own };
const missing = new Set(); // texts that were shown in English: what own translations are still wanted
function translate(text, values) {
  if (words[text] === undefined) { missing.add(text); }
  return (words[text] ?? text).replace(/{([^}]+)}/g, (whole, key) => {
    const value = values?.[key];
    return value === undefined ? whole : (words[value] ?? value);
  });
}
const TranslateModule = { translate: ['value', translate] };

const rules = {
  'conditional-flows': conditionalFlows, 'no-duplicate-sequence-flows': duplicateFlows, 'end-event-required': endRequired,
  'no-implicit-split': implicitSplit, 'no-gateway-join-fork': joinFork,
  'link-event': linkEvent, 'no-disconnected': noDisconnected, 'single-blank-start-event': singleBlankStart,
  'start-event-required': startRequired, 'superfluous-gateway': superfluous,
  'event-sub-process-typed-start-event': typedStart, 'no-bpmndi': undrawn,
};
// Not taken over: fake-join (here several flows may lead into one step; each token goes on by itself) and label-required
// (default flows and starts of sub-processes speak for themselves); what people see must have a name.
const house = {
  'step-has-name': () => ({ check(node, reporter) {
    if (/Task$|EndEvent$|BoundaryEvent$/.test(node.$type) && !(node.name || '').trim()) {
      reporter.report(node.id, 'Element is missing label/name');
    } } }),
  'user-task-has-role': () => ({ check(node, reporter) {
    if (node.$type === 'bpmn:UserTask' && !node.get('camunda:candidateGroups') && !node.get('camunda:assignee')) {
      reporter.report(node.id, '人工环节须指定承办岗位');
    } } }),
};
const known = { ...rules, ...house }; // the lint module translates what they report
const lintConfig = {
  config: { rules: Object.fromEntries(Object.keys(known).map((name) => [name, 'warn'])) },
  resolver: { resolveRule(_, name) { return known[name]; }, resolveConfig() { return null; } },
};
export { TokenSimulationModule, LintModule, lintConfig, TranslateModule, missing };
