export { createFormEditor } from '@bpmn-io/form-js-editor';
