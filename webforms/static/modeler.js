/* The diagram of a draft in the modeler: properties, lint, token simulation, and jumping to an element. */
(function () {
  "use strict";
  var box = document.getElementById("modeler");
  if (!box || !window.BpmnModeler) { return; }
  var own = window.Modeling;
  var modeler = new window.BpmnModeler({
    container: box, propertiesPanel: { parent: "#properties" },
    additionalModules: window.ModelFile.inChinese(own.TranslateModule).concat([own.TokenSimulationModule, own.LintModule]),
    linting: { bpmnlint: own.lintConfig, active: true }
  });
  function jump(id) {
    var known = modeler.get("elementRegistry").get(id);
    if (!known || !known.parent) { return false; }
    window.Sight.near(modeler, known, 0.8);
    modeler.get("selection").select(known);
    box.scrollIntoView({ block: "nearest" });
    return true;
  }
  function asked() { return decodeURIComponent(window.location.hash.slice(1)); }
  window.ModelFile.read(box).then(function (xml) { return modeler.importXML(xml); }).then(function () {
    window.Sight.begin(modeler);
    var saving = window.Saving(box, function () {
      return modeler.saveXML({ format: true }).then(function (written) { return written.xml; });
    }, jump);
    window.Picks(modeler, box, document.getElementById("picks"));
    modeler.on("commandStack.changed", saving.changed);
    window.addEventListener("hashchange", function () { jump(asked()); });
    return fetch(box.dataset.templates, { credentials: "same-origin" });
  }).then(function (answer) { return answer.ok ? answer.json() : []; }).then(function (templates) {
    modeler.get("elementTemplatesLoader").setTemplates(templates);
    if (asked()) { jump(asked()); }
    box.dataset.ready = "yes";
  }).catch(function (error) { window.ModelFile.failed(box, error); });
})();
