// The form as a browser renders it: the analyst's interactive preview, in Chinese.
import { createForm } from '@bpmn-io/form-js-viewer';
import words from './zh-forms.json';

const missing = new Set();
function translate(text, values) {
  if (!(text in words)) { missing.add(text); }
  return (words[text] ?? text).replace(/{([^}]+)}/g, (whole, key) => values?.[key] ?? whole);
}
const TranslateModule = { translate: ['value', translate] };
export { createForm, TranslateModule, missing };
